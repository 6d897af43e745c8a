"""Fitting a device's `NetworkModel` on whole networks measured there, and saying how good it is.

Every network is also predicted from a fit that has not seen it; the errors of those
predictions are the ones reported, and the interval of every prediction is made of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeslim.prediction.network_features import Array, Layout, Network
from edgeslim.prediction.network_model import DEFAULT_MODEL, NetworkModel, totals_at

__all__ = ["UNCALIBRATED", "Calibration", "Truth", "calibrate"]

_MINIMUM_NETWORKS = 3
_FACTORS = np.geomspace(0.4, 6.0, 37)
_UNCALIBRATED_ERROR = 0.10
"""Relative error assumed for a device that has no fit of its own."""

_LEAST_ERROR = 0.01
"""A whole network repeats no better than this, however well the fit's networks agree."""

_LEAST_SHARE = 0.1
"""Ten networks cannot prove that interpolated operators are surer than this of their doubt."""

# How strongly the fit holds on to the default, as relative errors that would be as bad as the
# deviations named: a scale 10 % off, what the cold costs 5 % off, bytes that take a third of
# a network's time, an overhead of 0.2 % of an operator's mean time, a distance twice or half
# the default. Found on two tables of eighty networks, by what random tens of them and all
# families but one say of the rest (benchmarks/network_models.py).
_SCALE_PRIOR = 0.01 / 0.10
_COLD_PRIOR = 0.01 / 0.05
_BYTES_PRIOR = 0.01 / 0.33
_OVERHEAD_PRIOR = 0.01 / 0.002
_FACTOR_PRIOR = 0.005 / math.log(2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    """One network for the fit.

    Args:
        name: For reports.
        measured_ms: What the device took.
        sums: Its features, ``(width,)`` of a `Layout`.
    """

    name: str
    measured_ms: float
    sums: Array


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """A fitted model and its errors on networks left out of the fit.

    Args:
        model: Fitted on all networks, or the default.
        residuals: Relative error of each network's prediction by a fit on the others.
        own_error: Part of these errors that is the model's own, and not that of
            interpolated operators; a relative standard deviation.
        doubt_share: Share of the interpolated operators' doubt, added up and squared, that
            whole networks show; 1 where no network tells.
        refused: Networks that are no truth: their latency is a sum of the table's rows.
    """

    model: NetworkModel
    residuals: Mapping[str, float]
    own_error: float
    doubt_share: float = 1.0
    refused: tuple[str, ...] = ()

    @property
    def mean_error(self) -> float:
        """Mean absolute relative error on networks left out; nan without any."""
        return float(np.mean(np.abs(list(self.residuals.values())))) if self.residuals else math.nan

    @property
    def worst_error(self) -> float:
        """Largest absolute relative error on networks left out; nan without any."""
        return float(np.max(np.abs(list(self.residuals.values())))) if self.residuals else math.nan

    def half_widths_ms(self, networks: Network, *, confidence: float = 0.9) -> Array:
        """Half-widths of the prediction intervals of networks not seen before, ``(networks,)``.

        Student's t with one degree of freedom for each network of the fit but one; the
        model's own error and the doubt of interpolated operators add up in squares.
        """
        from scipy.stats import t

        count = len(self.residuals)
        own = self.own_error * math.sqrt(1 + 1 / count) if count else self.own_error
        quantile = t.ppf(0.5 + confidence / 2, count - 1 if count > 1 else math.inf)
        variance = (own * self.model.latencies_ms(networks)) ** 2
        variance += self.doubt_share * networks.doubt_ms**2
        widths: Array = quantile * np.sqrt(np.maximum(variance, 0.0))
        return widths


UNCALIBRATED = Calibration(model=DEFAULT_MODEL, residuals={}, own_error=_UNCALIBRATED_ERROR)
"""For tables without whole networks."""


def calibrate(truths: Sequence[Truth], layout: Layout) -> Calibration:
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
    seen, doubt = float(np.mean(residuals**2)), float(np.mean((networks.doubt_ms / measured) ** 2))
    share = 1.0
    if doubt > _LEAST_ERROR**2:
        share = min(1.0, max(_LEAST_SHARE, (seen - _LEAST_ERROR**2) / doubt))
    return Calibration(
        model=_fit(networks, measured),
        residuals=dict(zip([truth.name for truth in truths], residuals.tolist(), strict=True)),
        own_error=math.sqrt(max(seen - share * doubt, _LEAST_ERROR**2)),
        doubt_share=share,
    )


def _fit(networks: Network, measured_ms: Array) -> NetworkModel:
    """Least squares of the relative errors, for each distance factor; the best of them.

    Each error counts by what is known of its network's operators.
    """
    operator_ms = float(np.mean(measured_ms / networks.counts))
    byte_ms = float(np.mean(measured_ms / networks.touched_bytes))
    priors = np.array([_SCALE_PRIOR, _COLD_PRIOR, _BYTES_PRIOR, _OVERHEAD_PRIOR])
    default = np.array([DEFAULT_MODEL.scale, DEFAULT_MODEL.cold_scale, 0.0, 0.0])
    # A network that is known by interpolated operators says less than its latency.
    doubt = networks.doubt_ms / measured_ms
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
