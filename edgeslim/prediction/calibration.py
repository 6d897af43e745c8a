"""Fitting a device's `CacheModel` on whole networks measured there, and saying how good it is.

Every network is also predicted from a fit that has not seen it; the errors of those
predictions are the ones reported, and the interval of every prediction is made of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeslim.prediction.reuse_distance import DEFAULT_CACHE_MODEL, CacheModel

__all__ = ["UNCALIBRATED", "Calibration", "NetworkPoint", "calibrate"]

Array = np.ndarray[Any, np.dtype[np.float64]]

_MINIMUM_NETWORKS = 3
_FACTORS = np.geomspace(0.4, 4.0, 37)
_UNCALIBRATED_ERROR = 0.10
"""Relative error assumed for a device that has no fit of its own."""

# How strongly the fit holds on to the default, as relative errors that would be as bad as
# the deviations named: a scale 10 % off, an overhead of 1 % of an operator's mean time, a
# distance twice or half the default.
_SCALE_PRIOR = 0.01 / 0.10
_OVERHEAD_PRIOR = 0.01 / 0.01
_FACTOR_PRIOR = 0.005 / math.log(2)


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkPoint:
    """One network for the fit.

    Args:
        name: For reports.
        measured_ms: What the device took.
        count: Number of operators.
        touched_bytes: What `touched_bytes` says of them.
        swept_bytes: Cache states, rising, shape ``(states,)``.
        totals_ms: Sum over the operators in each state, shape ``(states,)``.
    """

    name: str
    measured_ms: float
    count: int
    touched_bytes: int
    swept_bytes: Array
    totals_ms: Array

    def total_ms(self, distance_factor: float) -> float:
        """Sum over the operators at the network's reuse distance."""
        distance = distance_factor * self.touched_bytes
        return float(np.interp(distance, self.swept_bytes, self.totals_ms))


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """A fitted model and its errors on networks left out of the fit.

    Args:
        model: Fitted on all networks, or the default.
        residuals: Relative error of each network's prediction by a fit on the others.
    """

    model: CacheModel
    residuals: dict[str, float]

    @property
    def mean_error(self) -> float:
        """Mean absolute relative error on networks left out; nan without any."""
        return float(np.mean(np.abs(list(self.residuals.values())))) if self.residuals else math.nan

    @property
    def worst_error(self) -> float:
        """Largest absolute relative error on networks left out; nan without any."""
        return float(np.max(np.abs(list(self.residuals.values())))) if self.residuals else math.nan

    def half_width(self, *, confidence: float = 0.9) -> float:
        """Relative half-width of a prediction interval for a network not seen before.

        Student's t with one degree of freedom for each network but one; the spread is
        that of the left-out errors about zero.
        """
        from scipy.stats import t

        if not self.residuals:
            return 1.645 * _UNCALIBRATED_ERROR
        errors = np.array(list(self.residuals.values()))
        spread = math.sqrt(float(np.mean(errors**2)) * (1 + 1 / errors.size))
        return float(t.ppf(0.5 + confidence / 2, max(1, errors.size - 1))) * spread


UNCALIBRATED = Calibration(model=DEFAULT_CACHE_MODEL, residuals={})
"""For tables without whole networks."""


def calibrate(points: Sequence[NetworkPoint]) -> Calibration:
    """Fits a device's model; with fewer than three networks it is the default."""
    if len(points) < _MINIMUM_NETWORKS:
        return UNCALIBRATED
    residuals = {}
    for index, point in enumerate(points):
        model = _fit([*points[:index], *points[index + 1 :]])
        predicted = model.latency_ms(point.total_ms(model.distance_factor), point.count)
        residuals[point.name] = predicted / point.measured_ms - 1
    return Calibration(model=_fit(points), residuals=residuals)


def _fit(points: Sequence[NetworkPoint]) -> CacheModel:
    """Least squares of the relative errors, for each distance factor; the best of them."""
    measured = np.array([point.measured_ms for point in points])
    counts = np.array([point.count for point in points], np.float64)
    mean_operator_ms = float(np.mean(measured / counts))
    best, best_cost = DEFAULT_CACHE_MODEL, math.inf
    for factor in _FACTORS:
        totals = np.array([point.total_ms(float(factor)) for point in points])
        rows = np.vstack(
            [
                np.column_stack([totals / measured, counts * mean_operator_ms / measured]),
                [[_SCALE_PRIOR, 0.0], [0.0, _OVERHEAD_PRIOR]],
            ]
        )
        wanted = np.concatenate([np.ones(len(points)), [_SCALE_PRIOR, 0.0]])
        (scale, overhead), *_ = np.linalg.lstsq(rows, wanted, rcond=None)
        cost = float(np.sum((rows @ [scale, overhead] - wanted) ** 2))
        cost += (_FACTOR_PRIOR * math.log(factor / DEFAULT_CACHE_MODEL.distance_factor)) ** 2
        if cost < best_cost:
            best_cost = cost
            best = CacheModel(
                distance_factor=float(factor),
                scale=float(scale),
                overhead_ms=float(overhead) * mean_operator_ms,
            )
    return best
