"""Which operators to measure next, so that what is predicted gets better the fastest.

Measuring an operator makes it certain, and says something of those near it. What that is
worth is known before it is measured: the posterior variance of a Gaussian process does not
depend on the values (Cohn, Ghahramani and Jordan, *Active Learning with Statistical Models*,
JAIR 4, 1996: the point that lowers the mean variance the most). The variance counts as often
as operators are used, and mostly in milliseconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgeslim.opspec import OpSpec, Shape
from edgeslim.prediction.family_model import FamilyModel
from edgeslim.prediction.gaussian_process import Array
from edgeslim.prediction.interpolation import Interpolator
from edgeslim.prediction.network_features import touched_bytes
from edgeslim.prediction.operator_features import OperatorFeatures, Rows, operator_features
from edgeslim.prediction.operator_rows import ALIKE, kernel
from edgeslim.profiling.stairs import find_brackets

__all__ = ["choose", "unfamiliar"]

_TARGETS = 1000
"""Operators of a family whose variance counts: those that matter most."""

_EACH = 0.1
"""How much an operator's relative error counts by itself, over its part in a network's."""

_EDGES_FIRST = 3.0
"""An edge that is not found makes all of its family look noisy: worth more than itself."""


def unfamiliar(candidates: Sequence[OpSpec], known: Sequence[OpSpec]) -> list[OpSpec]:
    """Operators without which the table would say nothing of others of their kind and filter.

    An estimate from fewer than a few of a kernel crosses from other kernels, and is refused
    (`edgeslim.prediction.operator_rows`). Small and large ones are taken in turn.

    Args:
        candidates: Operators that are wanted and not measured.
        known: Those that are wanted and measured.
    """
    measured = Counter(map(kernel, known))
    by_kernel: dict[tuple[str, Shape], list[OpSpec]] = {}
    for spec in candidates:
        by_kernel.setdefault(kernel(spec), []).append(spec)
    found = []
    for each, specs in by_kernel.items():
        lacking = min(max(0, ALIKE - measured[each]), len(specs))
        by_size = sorted(specs, key=touched_bytes)
        places = np.linspace(0, len(specs) - 1, max(lacking, 1)).round().astype(int)
        found += [by_size[place] for place in places[:lacking]]
    return found


def choose(
    candidates: Mapping[OpSpec, float],
    known: Mapping[OpSpec, Array],
    count: int,
    *,
    generator: np.random.Generator,
) -> list[OpSpec]:
    """The operators to measure next, the most telling first.

    Args:
        candidates: How often each is used: its mean count in a network. Those that are
            known are left out.
        known: Latencies in ms of measured operators, ``(states,)`` each, of the same cache
            states for all; nan where a state was not measured.
        count: How many; fewer if there are fewer.
        generator: Decides between equals.
    """
    open_ = [spec for spec, use in candidates.items() if use > 0 and spec not in known]
    specs = [open_[index] for index in generator.permutation(len(open_))]
    interpolator = Interpolator(known)
    features = operator_features(specs)
    uses = np.array([candidates[spec] for spec in specs])
    fields = []
    for family in sorted(set(features.families)):
        rows = features.rows(family)
        fields.append(_Field(interpolator.model(family), features.take(rows), uses[rows], rows))
    network_ms = sum(field.network_ms for field in fields)
    for field in fields:
        field.weigh(network_ms, float(uses.sum()))
    chosen = []
    for _ in range(min(count, len(specs))):
        best = max(fields, key=lambda field: field.gain)
        chosen.append(specs[best.take()])
    return chosen


class _Field:
    """The candidates of one family, and what measuring each would be worth.

    Args:
        model: What is known of the family.
        features: Of its candidates.
        uses: How often each is used.
        rows: Their places among all candidates.
    """

    def __init__(
        self, model: FamilyModel, features: OperatorFeatures, uses: Array, rows: Rows
    ) -> None:
        self._rows = rows
        self._uses = uses
        self._noise = model.process.noise**2
        self._scale = model.inflation**2
        self._latencies_ms = np.nanmean(model.predict(features)[0], axis=1)
        self._where = model.coordinates(features)
        self._process = model.process
        # Its product with itself is what is known: of the measured, then of the chosen ones.
        self._explained = self._process.explained(self._where)
        self._variance = self._process.variance(self._where) - (self._explained**2).sum(0)
        self._brackets = find_brackets(model.known, model.residuals, features)
        self._open = np.ones(len(rows), dtype=bool)

    @property
    def network_ms(self) -> float:
        """What the candidates take of a network."""
        return float(self._uses @ self._latencies_ms)

    def weigh(self, network_ms: float, network_uses: float) -> None:
        """Makes ready, once all families are known."""
        parts = (self._uses * self._latencies_ms / network_ms) ** 2
        self._weights = parts + _EACH * self._uses / network_uses**2
        self._targets = np.argsort(-self._weights, kind="stable")[:_TARGETS]
        targets = self._explained[:, self._targets]
        self._covariance = self._process.covariance(self._where, self._where.take(self._targets))
        self._covariance -= self._explained.T @ targets
        self._value()

    @property
    def gain(self) -> float:
        """What the best candidate is worth; less than nothing if there is none."""
        return float(self._gains.max())

    def take(self) -> int:
        """Chooses the best candidate, as if it was measured; its place among all."""
        best = int(self._gains.argmax())
        point = self._where.take([best])
        column = self._process.covariance(self._where, point)[:, 0]
        column -= self._explained.T @ self._explained[:, best]
        column /= np.sqrt(self._doubt(best))
        self._covariance -= np.outer(column, column[self._targets])
        self._variance -= column**2
        self._explained = np.vstack([self._explained, column])
        self._open[best] = False
        self._weights[best] = 0.0
        self._brackets = [each for each in self._brackets if best not in each.between]
        self._value()
        return int(self._rows[best])

    def _value(self) -> None:
        """What each candidate is worth: the weighted variance that measuring it removes."""
        weights = self._weights[self._targets]
        learned = (self._covariance**2) @ weights / self._doubt(slice(None))
        gains = self._scale * (learned + self._weights * self._noise)
        for bracket in self._brackets:
            # Each is as one neighbour or as the other. The middle says so of itself, and of
            # the half that the edge is not in.
            known = (1 + 1 / len(bracket.between)) / 2
            doubt = self._weights[list(bracket.between)].sum() * (bracket.jump / 2) ** 2
            gains[bracket.middle] += _EDGES_FIRST * known * doubt
        self._gains = np.where(self._open, gains, -1.0)

    def _doubt(self, rows: Any) -> Array:  # noqa: ANN401 - whatever indexes an array
        """Variance that a value would have."""
        variance: Array = np.maximum(self._variance[rows], 0.0) + self._noise
        return variance
