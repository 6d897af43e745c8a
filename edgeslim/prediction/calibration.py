"""Fits a device's `NetworkModel` on whole networks measured there, with cross-validation.

Every network is also predicted by a fit on the others; the errors of those predictions are
reported, and the interval of every prediction is made from them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeslim.prediction.network_features import Array, FeatureLayout, NetworkFeatures
from edgeslim.prediction.network_model import DEFAULT_MODEL, NetworkModel, totals_at

__all__ = ["UNCALIBRATED", "Calibration", "CalibrationNetwork", "calibrate"]

_MINIMUM_NETWORKS = 3
_FACTORS = np.geomspace(0.4, 6.0, 37)
_UNCALIBRATED_ERROR = 0.10
"""Relative error assumed for a device that has no fit of its own."""

_LEAST_ERROR = 0.01
"""Least relative error of a prediction: measurements of a whole network repeat no better."""

_LEAST_SHARE = 0.1
"""Least share of the operators' uncertainty that is kept: ten networks cannot rule it out."""

# Strength of the prior around the default, as relative errors that would be as bad as the
# deviations named: a scale 10 % off, a cold scale 5 % off, bytes that take a third of
# a network's time, an overhead of 0.2 % of an operator's mean time, a distance twice or half
# the default. Tuned on two tables of eighty networks, by predicting the others from random tens
# of them and from all families but one (benchmarks/network_models.py).
_SCALE_PRIOR = 0.01 / 0.10
_COLD_PRIOR = 0.01 / 0.05
_BYTES_PRIOR = 0.01 / 0.33
_OVERHEAD_PRIOR = 0.01 / 0.002
_FACTOR_PRIOR = 0.005 / math.log(2)


@dataclass(frozen=True, kw_only=True, slots=True)
class CalibrationNetwork:
    """A measured network for the fit.

    Args:
        name: Name of the network, for reports.
        measured_ms: Latency on the device.
        sums: Features of the network, ``(width,)`` of a `FeatureLayout`.
    """

    name: str
    measured_ms: float
    sums: Array


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """A fitted model and its errors on networks left out of the fit.

    Args:
        model: The model, fitted on all networks, or the default.
        residuals: Relative error of each network's prediction by a fit on the others.
        own_error: Part of these errors that is the model's own, and not that of
            interpolated operators; a relative standard deviation.
        uncertainty_share: Share of the variance by interpolated operators that whole networks
            show; 1 where no network has any.
        refused: Networks that were not measured: their latency is a sum of the table's rows.
    """

    model: NetworkModel
    residuals: Mapping[str, float]
    own_error: float
    uncertainty_share: float = 1.0
    refused: tuple[str, ...] = ()

    @property
    def mean_error(self) -> float:
        """Mean absolute relative error on networks left out; nan without any."""
        return float(np.mean(np.abs(list(self.residuals.values())))) if self.residuals else math.nan

    @property
    def worst_error(self) -> float:
        """Largest absolute relative error on networks left out; nan without any."""
        return float(np.max(np.abs(list(self.residuals.values())))) if self.residuals else math.nan

    def half_widths_ms(self, networks: NetworkFeatures, *, confidence: float = 0.9) -> Array:
        """Half-widths of the prediction intervals of networks not seen before, ``(networks,)``.

        Student's t with one degree of freedom for each network of the fit but one; the variances
        of the model's own error and of interpolated operators are added.
        """
        from scipy.stats import t

        count = len(self.residuals)
        own = self.own_error * math.sqrt(1 + 1 / count) if count else self.own_error
        quantile = t.ppf(0.5 + confidence / 2, count - 1 if count > 1 else math.inf)
        variance = (own * self.model.latencies_ms(networks)) ** 2
        variance += self.uncertainty_share * networks.uncertainty_ms**2
        widths: Array = quantile * np.sqrt(np.maximum(variance, 0.0))
        return widths


UNCALIBRATED = Calibration(model=DEFAULT_MODEL, residuals={}, own_error=_UNCALIBRATED_ERROR)
"""Calibration of tables without whole networks."""


def calibrate(truths: Sequence[CalibrationNetwork], layout: FeatureLayout) -> Calibration:
    """Fits a device's model; with fewer than three networks it is the default."""
    if len(truths) < _MINIMUM_NETWORKS:
        return UNCALIBRATED
    networks = layout.networks(np.array([truth.sums for truth in truths]))
    measured = np.array([truth.measured_ms for truth in truths])
    residuals = np.empty(len(truths))
    for index in range(len(truths)):
        others = np.arange(len(truths)) != index
        model = _fit(networks.take(others), measured[others])
        (predicted,) = model.latencies_ms(networks.take([index]))
        residuals[index] = predicted / measured[index] - 1
    seen, doubt = (
        float(np.mean(residuals**2)),
        float(np.mean((networks.uncertainty_ms / measured) ** 2)),
    )
    share = 1.0
    if doubt > _LEAST_ERROR**2:
        share = min(1.0, max(_LEAST_SHARE, (seen - _LEAST_ERROR**2) / doubt))
    return Calibration(
        model=_fit(networks, measured),
        residuals=dict(zip([truth.name for truth in truths], residuals.tolist(), strict=True)),
        own_error=math.sqrt(max(seen - share * doubt, _LEAST_ERROR**2)),
        uncertainty_share=share,
    )


def _fit(networks: NetworkFeatures, measured_ms: Array) -> NetworkModel:
    """Least squares of the relative errors, for the best of many distance factors.

    Each error is weighted by the uncertainty of its network's operators.
    """
    operator_ms = float(np.mean(measured_ms / networks.counts))
    byte_ms = float(np.mean(measured_ms / networks.touched_bytes))
    priors = np.array([_SCALE_PRIOR, _COLD_PRIOR, _BYTES_PRIOR, _OVERHEAD_PRIOR])
    default = np.array([DEFAULT_MODEL.scale, DEFAULT_MODEL.cold_scale, 0.0, 0.0])
    # A network with interpolated operators counts less.
    doubt = networks.uncertainty_ms / measured_ms
    weights = _LEAST_ERROR / np.sqrt(_LEAST_ERROR**2 + doubt**2)
    wanted = np.concatenate([weights, priors * default])
    hot = networks.totals_ms[:, 0]
    best, best_cost = DEFAULT_MODEL, math.inf
    for factor in _FACTORS:
        cold = totals_at(networks, factor * networks.touched_bytes) - hot
        columns = np.column_stack(
            [hot, cold, networks.touched_bytes * byte_ms, networks.counts * operator_ms]
        )
        rows = np.vstack([columns * (weights / measured_ms)[:, None], np.diag(priors)])
        solution, *_ = np.linalg.lstsq(rows, wanted, rcond=None)
        cost = float(np.sum((rows @ solution - wanted) ** 2))
        cost += (_FACTOR_PRIOR * math.log(factor / DEFAULT_MODEL.distance_factor)) ** 2
        if cost < best_cost:
            best_cost = cost
            best = NetworkModel(
                distance_factor=float(factor),
                scale=float(solution[0]),
                cold_scale=float(solution[1]),
                byte_ms=float(solution[2]) * byte_ms,
                overhead_ms=float(solution[3]) * operator_ms,
            )
    return best
