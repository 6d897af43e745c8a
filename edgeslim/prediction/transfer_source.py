"""Latencies of operators on another device, by what the time is spent on.

An operator that the other device's table has is as it was measured there, any other one as it is
estimated there, with its error. The roofline of that device (`edgeslim.prediction.roofline`) says
how much of each latency is the start, multiply-accumulates, activations moved, and weights read:
each of these parts has a ratio of its own to another device.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import msgspec
import numpy as np

from edgeslim.conversion.operator_jobs import null_operator
from edgeslim.latency_rows import LikeRow
from edgeslim.opspec import OpSpec
from edgeslim.prediction.gaussian_process import Array
from edgeslim.prediction.interpolation import Interpolator
from edgeslim.prediction.network_features import FeatureLayout
from edgeslim.prediction.network_model import DEFAULT_MODEL, NetworkModel
from edgeslim.prediction.operator_features import COSTS, OperatorFeatures, operator_features
from edgeslim.prediction.roofline import shares

__all__ = ["PARTS", "TimeParts", "TransferSource", "source_of"]

PARTS = ("start", "macs", "activations", "weights")
"""What time is spent on."""

_GROUPS = np.array(
    [
        [part == name for part in PARTS]
        for name in (
            *(cost for cost in COSTS if cost != "bytes"),
            *("activations", "activations", "weights"),
        )
    ],
    dtype=np.float64,
)
"""Which part each cost belongs to, ``(costs, parts)``."""

_UNKNOWN = 1.0
"""Relative error of an operator of which the other device knows only its roofline."""

_LEAST_START = 0.05
"""Share of a start that is left of it without an empty run, at least."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeParts:
    """Latencies of operators on another device, divided by what they are spent on.

    Args:
        latencies_ms: Milliseconds of each part, ``(operators, states, parts)``.
        errors: Relative standard error of each latency there, ``(operators,)``.
    """

    latencies_ms: Array
    errors: Array


class TransferSource:
    """The operators of another device.

    Args:
        name: Name of the device, for reports.
        swept_bytes: Cache states in which they were measured, ascending, ``(states,)``.
        latencies_ms: Latencies of each operator, ``(states,)``.
        model: How networks follow from operators there; the default if it is not known.
    """

    def __init__(
        self,
        name: str,
        swept_bytes: Array,
        latencies_ms: Mapping[OpSpec, Array],
        *,
        model: NetworkModel = DEFAULT_MODEL,
    ) -> None:
        self.name = name
        self.model = model
        self.swept_bytes = swept_bytes
        self._measured = latencies_ms
        self._found: dict[OpSpec, tuple[Array, float]] = {}

    @cached_property
    def _interpolator(self) -> Interpolator:
        return Interpolator(self._measured)

    def parts(self, features: OperatorFeatures, swept_bytes: Array) -> TimeParts:
        """The parts of operators' latencies there.

        Args:
            features: Features of the operators.
            swept_bytes: Cache states wanted, ``(states,)``; between two of the other device's
                they are interpolated, and beyond its last one as the last.
        """
        self._find(features)
        curves = np.array([self._found[spec][0] for spec in features.specs])
        curves = curves.reshape(-1, len(self.swept_bytes))
        found = np.empty((len(curves), len(swept_bytes), len(PARTS)))
        grid = _interpolation(self.swept_bytes, swept_bytes)
        for family in set(features.families):
            rows = features.rows(family)
            prices = grid @ self._interpolator.baseline(family).prices
            latencies_ms = curves[rows] @ grid.T
            for state, own in enumerate(prices):
                shared = shares(features.costs[rows], own) @ _GROUPS
                found[rows, state] = latencies_ms[:, state, None] * shared
        errors = np.array([self._found[spec][1] for spec in features.specs], np.float64)
        return TimeParts(latencies_ms=found, errors=errors)

    def network_parts(self, features: OperatorFeatures) -> dict[str, Array]:
        """Sums over the operators of a network there, as it runs, by their family.

        Returns:
            Milliseconds of each part, ``(parts,)``, for each family. Their sum is what the network
            takes there, as predicted.
        """
        parts = self.parts(features, self.swept_bytes).latencies_ms
        null_ms = self._measured.get(null_operator(), np.zeros(len(self.swept_bytes)))
        start = parts[:, :, 0]
        parts[:, :, 0] = np.maximum(start - null_ms, _LEAST_START * start)
        layout = FeatureLayout(swept_bytes=self.swept_bytes)
        rows = [
            layout.row(spec, latencies_ms, 0.0)
            for spec, latencies_ms in zip(features.specs, parts.sum(axis=2), strict=True)
        ]
        network = layout.networks(np.sum(rows, axis=0)[None])
        (latency_ms,) = self.model.latencies_ms(network)
        distance = self.model.distance_factor * network.touched_bytes[0]
        hot, cold = _interpolation(self.swept_bytes, np.array([0.0, distance]))
        totals = parts.transpose(0, 2, 1) @ (hot + self.model.cold_scale * (cold - hot))
        totals *= latency_ms / totals.sum()
        return {
            family: totals[features.rows(family)].sum(axis=0) for family in set(features.families)
        }

    def has_measured(self, spec: OpSpec) -> bool:
        """Whether an operator was measured there."""
        return spec in self._measured

    def knows(self, spec: OpSpec) -> bool:
        """Whether more than the roofline is known of an operator."""
        self._find(operator_features([spec]))
        return self._found[spec][1] < _UNKNOWN

    def _find(self, features: OperatorFeatures) -> None:
        new = [spec for spec in dict.fromkeys(features.specs) if spec not in self._found]
        for spec in new:
            if spec in self._measured:
                self._found[spec] = (self._measured[spec], 0.0)
        unmeasured = [spec for spec in new if spec not in self._measured]
        if not unmeasured:
            return
        lacking = operator_features(unmeasured)
        estimates = self._interpolator.estimate(unmeasured)
        for index, spec in enumerate(unmeasured):
            curve, error = estimates.latencies_ms[index], float(estimates.errors[index])
            if not np.isfinite(curve).all() or error >= _UNKNOWN:
                prices = self._interpolator.baseline(lacking.families[index]).prices
                curve, error = prices @ lacking.costs[index], _UNKNOWN
            self._found[spec] = (curve, error)


def _interpolation(known: Array, wanted: Array) -> Array:
    """The matrix that interpolates values at known places, ``(wanted, known)``."""
    return np.array([np.interp(wanted, known, unit) for unit in np.eye(len(known))]).T


@lru_cache(maxsize=8)
def source_of(row: LikeRow) -> TransferSource:
    """The operators in a row of a table; made once, since estimates there take seconds."""
    return TransferSource(
        row.name,
        np.array(row.swept_bytes, np.float64),
        {known.operator: np.array(known.latencies_ms) for known in row.operators},
        model=_model(row),
    )


def _model(row: LikeRow) -> NetworkModel:
    if row.model is None:
        return DEFAULT_MODEL
    return NetworkModel(**msgspec.structs.asdict(row.model))
