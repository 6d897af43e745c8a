"""Predicts operators of one family from the measured ones."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from edgeslim.prediction.gaussian_process import Array, Coordinates, GaussianProcess
from edgeslim.prediction.operator_features import AXES, LABELS, Mask, OperatorFeatures, Rows
from edgeslim.prediction.roofline import fit_prices, shares

__all__ = ["NORMAL_90", "PRICE_SPREAD", "Baseline", "FamilyModel", "PriceBaseline"]

PRICE_SPREAD = 0.7
"""Standard deviation of the logarithm of a price, between a device's families."""

_TREND = 0.5
"""Standard deviation of the logarithm of a fitted price within a family."""

_AXIS_WEIGHT, _LABEL_WEIGHT, _REMAINDER_WEIGHT = 0.05, 0.5, 0.05
_WEIGHTS = np.array(
    [_AXIS_WEIGHT] * AXES + [_LABEL_WEIGHT] * (LABELS - 2) + [_REMAINDER_WEIGHT] * 2
)

NORMAL_90 = 1.645
"""Half the width of a normal distribution's 90 % interval, in standard deviations."""

_FITTED = 6.0
"""Effective number of weights of axes and labels that are fitted."""

_CHUNK = 2048


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """Cache states in which the same operators were measured, with their process."""

    states: Rows
    process: GaussianProcess
    inflation: float


class Baseline(Protocol):
    """What operators of a family are expected to take before a process learns the rest."""

    @property
    def amplitude(self) -> float:
        """Standard deviation of the rest's logarithm that is expected."""

    def logarithms(self, features: OperatorFeatures) -> Array:
        """Logarithms of the expected latencies in ms, ``(operators, states)``."""

    def trends(self, features: OperatorFeatures) -> Array:
        """Coordinates in which the rest has linear trends, ``(operators, trends)``."""

    def variances(self, features: OperatorFeatures) -> Array | None:
        """Variance of each expectation's own, ``(operators,)``; None if there is none."""


class PriceBaseline:
    """A sum of prices, fitted for a family and held near the device's.

    Args:
        prices: Prices of the family, ``(states, costs)``.
        spread: Standard deviation of the logarithm of a price.
    """

    amplitude = 0.3

    def __init__(self, prices: Array, *, spread: float = _TREND) -> None:
        self.prices = prices
        self._spread = spread

    @staticmethod
    def fit(known: OperatorFeatures, latencies_ms: Array, prices: Array) -> PriceBaseline:
        """The baseline of a family's measured operators, maybe none.

        Args:
            known: Measured operators of the family.
            latencies_ms: Their latencies, ``(known, states)``, nan where not measured.
            prices: Prices of the device, ``(states, costs)``.
        """
        measured = np.isfinite(latencies_ms)
        return PriceBaseline(
            np.array(
                [
                    fit_prices(known.costs[rows], column[rows], guess, spread=PRICE_SPREAD)
                    for rows, column, guess in zip(measured.T, latencies_ms.T, prices, strict=True)
                ]
            )
        )

    def logarithms(self, features: OperatorFeatures) -> Array:
        """Logarithms of the sums."""
        sums: Array = np.log(features.costs @ self.prices.T)
        return sums

    def trends(self, features: OperatorFeatures) -> Array:
        """Shares of each cost: how the logarithm of the sum depends on its price."""
        shared = [shares(features.costs, prices) for prices in self.prices]
        found: Array = self._spread * np.mean(shared, axis=0)
        return found

    def variances(self, features: OperatorFeatures) -> None:
        """Prices have no variance that belongs to one operator."""
        del features


class FamilyModel:
    """Latencies of a family: a baseline, times a factor by a Gaussian process.

    Args:
        known: Measured operators of the family; maybe none.
        latencies_ms: Their latencies, ``(known, states)``, nan where not measured.
        baseline: What they are expected to take.
        corrects: Whether the standard deviations are corrected by the family's own left-out errors.
        warm_start: A model of the same operators whose weights are used instead of a fit.
    """

    def __init__(
        self,
        known: OperatorFeatures,
        latencies_ms: Array,
        baseline: Baseline,
        *,
        corrects: bool = True,
        warm_start: FamilyModel | None = None,
    ) -> None:
        self.known = known
        self._baseline = baseline
        self._states = latencies_ms.shape[1]
        self._codes: tuple[dict[Hashable, int], ...] = tuple({} for _ in range(LABELS))
        self._parts: list[_Part] = []
        where = self.coordinates(known)
        values = np.log(latencies_ms) - baseline.logarithms(known)
        self.residuals: Array = np.nanmean(values, axis=1)
        first = None if warm_start is None else warm_start.process
        for rows, states in _group_states(np.isfinite(latencies_ms)):
            process = GaussianProcess(
                where.take(rows),
                values[np.ix_(rows, states)],
                _WEIGHTS,
                amplitude=baseline.amplitude,
                warm_start=first,
            )
            first = first or process
            inflation = _inflation(process) if corrects else 1.0
            self._parts.append(_Part(states=states, process=process, inflation=inflation))

    @property
    def process(self) -> GaussianProcess:
        """The process of the states in which most operators were measured."""
        return self._parts[0].process

    @property
    def inflation(self) -> float:
        """Factor that corrects the standard deviations of `process`."""
        return self._parts[0].inflation

    def leave_one_out(self) -> tuple[Array, Array]:
        """How well each operator is predicted by the others of its family.

        Returns:
            Error over the expected deviation, ``(known, outputs)``, and the logarithm of the
            density at the measured value, ``(known,)``; of the states that most were measured in.
        """
        errors, deviations = self.process.leave_one_out()
        ratios = errors / deviations[:, None]
        return ratios, -0.5 * (ratios**2).mean(axis=1) - np.log(deviations)

    def coordinates(self, features: OperatorFeatures) -> Coordinates:
        """Coordinates of operators for the process."""
        labels = np.array(
            [
                [
                    codes.setdefault(label, len(codes))
                    for codes, label in zip(self._codes, row, strict=True)
                ]
                for row in features.labels
            ],
            dtype=np.int64,
        )
        return Coordinates(
            axes=features.axes,
            labels=np.array(labels, dtype=np.int64).reshape(-1, LABELS),
            trends=self._baseline.trends(features),
            variances=self._baseline.variances(features),
        )

    def predict(self, features: OperatorFeatures) -> tuple[Array, Array]:
        """Latencies in ms, ``(operators, states)``, and relative errors, ``(operators,)``.

        States in which no operator of the family was measured are nan.
        """
        count = len(features.costs)
        latencies_ms = np.full((count, self._states), np.nan)
        errors = np.zeros(count)
        where, sums = self.coordinates(features), self._baseline.logarithms(features)
        for start in range(0, count, _CHUNK):
            chunk = slice(start, start + _CHUNK)
            for part in self._parts:
                mean, deviation = part.process.predict(where.take(chunk))
                latencies_ms[chunk, part.states] = np.exp(sums[chunk, part.states] + mean)
                errors[chunk] = np.maximum(errors[chunk], part.inflation * deviation)
        return latencies_ms, errors


def _group_states(measured: Mask) -> Iterator[tuple[Rows, Rows]]:
    """Groups states by the operators that were measured in them, most operators first."""
    if not len(measured):
        yield np.arange(0), np.arange(measured.shape[1])
        return
    patterns, inverse = np.unique(measured, axis=1, return_inverse=True)
    counts = patterns.sum(0)
    for index in np.argsort(-counts, kind="stable"):
        if counts[index]:
            yield np.flatnonzero(patterns[:, index]), np.flatnonzero(inverse == index)


def _inflation(process: GaussianProcess) -> float:
    """Scales deviations so that nine in ten left-out values lie in their 90 % interval.

    With few values, the next one must be expected to be as far off as the farthest. It also
    corrects for the weights, which were fitted to the left-out value as well.
    """
    errors, deviations = process.leave_one_out()
    count = len(errors)
    if not count:
        return 1.0
    ratios = np.abs(errors / deviations[:, None])
    rank = min(math.ceil(0.9 * (count + 1)) / count, 1.0)
    farthest = float(np.quantile(ratios, rank)) / NORMAL_90
    return max(1.0, farthest) * math.sqrt(1 + _FITTED / count)
