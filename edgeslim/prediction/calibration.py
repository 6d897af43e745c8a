"""Fits a device's `NetworkModel` on whole networks measured there, with cross-validation.

Every network is also predicted by a fit on the others; the errors of those predictions are
reported, and the interval of every prediction is made from them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from edgeslim.prediction.network_features import Array, FeatureLayout, NetworkFeatures
from edgeslim.prediction.network_fit import NetworkFit, fit_networks
from edgeslim.prediction.network_model import DEFAULT_MODEL, NetworkModel

__all__ = ["UNCALIBRATED", "Calibration", "CalibrationNetwork", "calibrate"]

_MINIMUM_NETWORKS = 3


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
    """A device's model, and its errors on networks left out of the fit.

    Args:
        fit: The fit on all networks; None with too few of them for one.
        residuals: Relative error of each network's prediction by a fit on the others.
        refused: Networks that were not measured: their latency is a sum of the table's rows.
    """

    fit: NetworkFit | None = None
    residuals: Mapping[str, float] = field(default_factory=dict)
    refused: tuple[str, ...] = ()

    @property
    def model(self) -> NetworkModel:
        """The model of the device, or the default."""
        return DEFAULT_MODEL if self.fit is None else self.fit.model

    @property
    def has_intervals(self) -> bool:
        """Whether predictions have intervals: with too few networks, nobody knows their errors."""
        return self.fit is not None

    @property
    def mean_error(self) -> float:
        """Mean absolute relative error on networks left out; nan without any."""
        return float(np.mean(np.abs(list(self.residuals.values())))) if self.residuals else math.nan

    @property
    def worst_error(self) -> float:
        """Largest absolute relative error on networks left out; nan without any."""
        return float(np.max(np.abs(list(self.residuals.values())))) if self.residuals else math.nan

    def with_residuals(self, residuals: Mapping[str, float]) -> Calibration:
        """The same model judged by other errors of its networks, given in their order."""
        if self.fit is None:
            return self
        return replace(
            self,
            fit=replace(self.fit, errors=np.array([*residuals.values()])),
            residuals=residuals,
        )

    def half_widths_ms(self, networks: NetworkFeatures, *, confidence: float = 0.9) -> Array:
        """Half-widths of the prediction intervals of networks not seen before, ``(networks,)``.

        They are nan without `has_intervals`.
        """
        if self.fit is None:
            return np.full(len(networks.counts), np.nan)
        widths: Array = self.fit.quantile(confidence) * self.fit.deviations_ms(networks)
        return widths


UNCALIBRATED = Calibration()
"""Calibration of tables without whole networks."""


def calibrate(
    truths: Sequence[CalibrationNetwork],
    layout: FeatureLayout,
    *,
    others: Sequence[NetworkModel] = (),
) -> Calibration:
    """Fits a device's model; with fewer than three networks it is the default.

    Args:
        truths: Networks of the device whose operators are all known.
        layout: Layout of their features.
        others: Models of other devices, in this device's milliseconds, that it may be like.
    """
    if len(truths) < _MINIMUM_NETWORKS:
        return UNCALIBRATED
    fit = fit_networks(
        layout.networks(np.array([truth.sums for truth in truths])),
        np.array([truth.measured_ms for truth in truths]),
        others=others,
    )
    names = [truth.name for truth in truths]
    return Calibration(fit=fit, residuals=dict(zip(names, fit.errors.tolist(), strict=True)))
