"""Predicts operators of one family from the measured ones."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

import numpy as np

from edgeslim.prediction.gaussian_process import Array, Coordinates, GaussianProcess
from edgeslim.prediction.operator_features import AXES, LABELS, Mask, OperatorFeatures, Rows
from edgeslim.prediction.roofline import fit_prices, shares

__all__ = ["NORMAL_90", "FamilyModel"]

_PRICE_SPREAD = 0.7
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


class FamilyModel:
    """Latencies of a family: a sum of prices, times a factor by a Gaussian process.

    Args:
        known: Measured operators of the family; maybe none.
        latencies_ms: Their latencies, ``(known, states)``, nan where not measured.
        prices: Prices of the device, ``(states, costs)``.
    """

    def __init__(self, known: OperatorFeatures, latencies_ms: Array, prices: Array) -> None:
        self.known = known
        self._codes: tuple[dict[Hashable, int], ...] = tuple({} for _ in range(LABELS))
        measured = np.isfinite(latencies_ms)
        self._prices = np.array(
            [
                fit_prices(known.costs[rows], column[rows], guess, spread=_PRICE_SPREAD)
                for rows, column, guess in zip(measured.T, latencies_ms.T, prices, strict=True)
            ]
        )
        self._parts: list[_Part] = []
        where = self.coordinates(known)
        values = np.log(latencies_ms) - self._sums(known)
        self.residuals: Array = np.nanmean(values, axis=1)
        for rows, states in _group_states(measured):
            first = self._parts[0].process if self._parts else None
            process = GaussianProcess(
                where.take(rows), values[np.ix_(rows, states)], _WEIGHTS, warm_start=first
            )
            self._parts.append(_Part(states=states, process=process, inflation=_inflation(process)))

    @property
    def process(self) -> GaussianProcess:
        """The process of the states in which most operators were measured."""
        return self._parts[0].process

    @property
    def inflation(self) -> float:
        """Factor that corrects the standard deviations of `process`."""
        return self._parts[0].inflation

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
        trends = [shares(features.costs, prices) for prices in self._prices]
        return Coordinates(
            axes=features.axes,
            labels=np.array(labels, dtype=np.int64).reshape(-1, LABELS),
            trends=_TREND * np.mean(trends, axis=0),
        )

    def predict(self, features: OperatorFeatures) -> tuple[Array, Array]:
        """Latencies in ms, ``(operators, states)``, and relative errors, ``(operators,)``.

        States in which no operator of the family was measured are nan.
        """
        count = len(features.costs)
        latencies_ms = np.full((count, len(self._prices)), np.nan)
        errors = np.zeros(count)
        where, sums = self.coordinates(features), self._sums(features)
        for start in range(0, count, _CHUNK):
            chunk = slice(start, start + _CHUNK)
            for part in self._parts:
                mean, deviation = part.process.predict(where.take(chunk))
                latencies_ms[chunk, part.states] = np.exp(sums[chunk, part.states] + mean)
                errors[chunk] = np.maximum(errors[chunk], part.inflation * deviation)
        return latencies_ms, errors

    def _sums(self, features: OperatorFeatures) -> Array:
        sums: Array = np.log(features.costs @ self._prices.T)
        return sums


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
