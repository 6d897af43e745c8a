"""Active learning: which operators to measure next, so that predictions improve the fastest.

Measuring an operator makes its latency known, and informs about similar ones. How much is known
before it is measured: the posterior variance of a Gaussian process does not depend on the values
(Cohn, Ghahramani and Jordan, *Active Learning with Statistical Models*, JAIR 4, 1996: the point
that lowers the mean variance the most). The variance of an operator is weighted by how often it is
used, and mostly in milliseconds.

With tables of other devices the variance is that of the ratio to them, so that what is measured is
what tells most about the ratios.

A batch is chosen one by one, each as if the ones before were measured. How often operators are
used is a space's own knowledge, or is counted over the widths that pruning a model can leave.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgeslim.opspec import OpSpec, Shape
from edgeslim.prediction.family_model import FamilyModel
from edgeslim.prediction.gaussian_process import Array
from edgeslim.prediction.network_features import touched_bytes
from edgeslim.prediction.operator_features import OperatorFeatures, Rows, operator_features
from edgeslim.prediction.operator_rows import MINIMUM_SIMILAR, kernel
from edgeslim.prediction.table_interpolator import interpolator_of
from edgeslim.prediction.transfer import Transfer
from edgeslim.profiling.latency_jumps import find_brackets

__all__ = ["operators_of_sparse_kernels", "select_operators"]

_TARGETS = 1000
"""Number of operators of a family whose variance counts: those with the largest weights."""

_EACH = 0.1
"""Weight of an operator's own relative error, over that of its part in a network's error."""

_EDGES_FIRST = 3.0
"""Factor of edges: one that is not found makes all of its family look noisy."""


def operators_of_sparse_kernels(
    candidates: Sequence[OpSpec], known: Sequence[OpSpec]
) -> list[OpSpec]:
    """Operators of kernels that the table has too few operators of to estimate others.

    With fewer than a few operators of a kernel an estimate relies on other kernels, and is refused
    (`edgeslim.prediction.operator_rows`). They are chosen from small to large, evenly spread.

    Args:
        candidates: Operators that are planned and not measured.
        known: Operators that are planned and measured.
    """
    measured = Counter(map(kernel, known))
    by_kernel: dict[tuple[str, Shape], list[OpSpec]] = {}
    for spec in candidates:
        by_kernel.setdefault(kernel(spec), []).append(spec)
    found = []
    for kernel_and_filter, specs in by_kernel.items():
        lacking = min(max(0, MINIMUM_SIMILAR - measured[kernel_and_filter]), len(specs))
        by_size = sorted(specs, key=touched_bytes)
        places = np.linspace(0, len(specs) - 1, max(lacking, 1)).round().astype(int)
        found += [by_size[place] for place in places[:lacking]]
    return found


def select_operators(
    candidates: Mapping[OpSpec, float],
    known: Mapping[OpSpec, Array],
    count: int,
    *,
    generator: np.random.Generator,
    transfers: Sequence[Transfer] = (),
) -> list[OpSpec]:
    """Selects the operators to measure next, the most informative first.

    Args:
        candidates: Mean count in a network of each operator. Known ones are left out.
        known: Latencies in ms of measured operators, ``(states,)`` each, of the same cache
            states for all; nan where a state was not measured.
        count: Number of operators to select, or fewer if there are fewer.
        generator: Random numbers that decide between equals.
        transfers: Other devices, the ratios to which are to be known.
    """
    open_ = [spec for spec, use in candidates.items() if use > 0 and spec not in known]
    specs = [open_[index] for index in generator.permutation(len(open_))]
    interpolator = interpolator_of(known, transfers)
    features = operator_features(specs)
    uses = np.array([candidates[spec] for spec in specs])
    fields = []
    for family in sorted(set(features.families)):
        rows = features.rows(family)
        fields.append(_Family(interpolator.model(family), features.take(rows), uses[rows], rows))
    network_ms = sum(field.network_ms for field in fields)
    for field in fields:
        field.set_weights(network_ms, float(uses.sum()))
    chosen = []
    for _ in range(min(count, len(specs))):
        best = max(fields, key=lambda field: field.gain)
        chosen.append(specs[best.take()])
    return chosen


class _Family:
    """The candidates of one family, and the gain of measuring each.

    Args:
        model: Model of the family, fitted to the measured operators.
        features: Features of the candidates.
        uses: Mean count in a network of each candidate, ``(candidates,)``.
        rows: Places of the family's candidates among all candidates.
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
        # Its product with itself is the explained covariance, by measured and selected operators.
        self._explained = self._process.explained_part(self._where)
        self._variance = self._process.variance(self._where) - (self._explained**2).sum(0)
        self._brackets = find_brackets(model.known, model.residuals, features)
        self._open = np.ones(len(rows), dtype=bool)

    @property
    def network_ms(self) -> float:
        """Mean latency in ms of the candidates in a network."""
        return float(self._uses @ self._latencies_ms)

    def set_weights(self, network_ms: float, network_uses: float) -> None:
        """Sets the weights of all candidates, once all families are known."""
        parts = (self._uses * self._latencies_ms / network_ms) ** 2
        self._weights = parts + _EACH * self._uses / network_uses**2
        self._targets = np.argsort(-self._weights, kind="stable")[:_TARGETS]
        targets = self._explained[:, self._targets]
        self._covariance = self._process.covariance(self._where, self._where.take(self._targets))
        self._covariance -= self._explained.T @ targets
        self._update_gains()

    @property
    def gain(self) -> float:
        """Gain of the best candidate; negative if there is none."""
        return float(self._gains.max())

    def take(self) -> int:
        """Selects the best candidate, as if it was measured; returns its place among all."""
        best = int(self._gains.argmax())
        point = self._where.take([best])
        column = self._process.covariance(self._where, point)[:, 0]
        column -= self._explained.T @ self._explained[:, best]
        column /= np.sqrt(self._noisy_variance(best))
        self._covariance -= np.outer(column, column[self._targets])
        self._variance -= column**2
        self._explained = np.vstack([self._explained, column])
        self._open[best] = False
        self._weights[best] = 0.0
        self._brackets = [bracket for bracket in self._brackets if best not in bracket.between]
        self._update_gains()
        return int(self._rows[best])

    def _update_gains(self) -> None:
        """Updates the gain of each candidate: the weighted variance that measuring it removes."""
        weights = self._weights[self._targets]
        learned = (self._covariance**2) @ weights / self._noisy_variance(slice(None))
        gains = self._scale * (learned + self._weights * self._noise)
        for bracket in self._brackets:
            # Each is like one of the two neighbours. Measuring the middle decides that for
            # itself, and for the half that does not have the edge.
            known = (1 + 1 / len(bracket.between)) / 2
            uncertainty = self._weights[list(bracket.between)].sum() * (bracket.jump / 2) ** 2
            gains[bracket.middle] += _EDGES_FIRST * known * uncertainty
        self._gains = np.where(self._open, gains, -1.0)

    def _noisy_variance(self, rows: Any) -> Array:  # noqa: ANN401 - whatever indexes an array
        """Variance of a measured value: that of the model and the noise."""
        variance: Array = np.maximum(self._variance[rows], 0.0) + self._noise
        return variance
