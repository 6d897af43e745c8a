"""Rows of features of operators by a table: measured, interpolated, left out or missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from enum import Enum
from functools import cached_property

import numpy as np

from edgeslim.conversion.operator_jobs import null_operator
from edgeslim.latency_rows import Convention
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec, Shape
from edgeslim.prediction.curves import Curves
from edgeslim.prediction.network_features import Array, FeatureLayout
from edgeslim.prediction.network_model import NetworkModel
from edgeslim.prediction.network_prices import NetworkPrices
from edgeslim.prediction.table_interpolator import (
    TableInterpolator,
    interpolator_of,
    prices_of,
    transfers_of,
)
from edgeslim.table_keys import table_key

__all__ = ["MINIMUM_SIMILAR", "OperatorRows", "Source", "kernel"]

_WORST_ERROR = 0.5
"""An estimate with a larger relative error is refused, unless the error is below the time of an
empty run, which does not matter for any network."""

MINIMUM_SIMILAR = 3
"""With fewer measured operators of its kind and filter, an estimate is an extrapolation from
other kernels, and gets the largest error that is allowed."""


class Source(str, Enum):
    """Where an operator's latency comes from."""

    MEASURED = "measured"
    INTERPOLATED = "interpolated"
    TRANSFERRED = "transferred"
    """Estimated from the table of another device."""
    FITTED = "fitted on whole networks"
    """Estimated by the networks of a table that has no operators."""
    MISSING = "missing"
    LEFT_OUT = "not in this table's convention"
    WITHIN = "in the operator before"
    """Computed there by a runtime that fuses further, and so in its time."""


class OperatorRows:
    """The rows of operators, made when they are needed.

    Args:
        table: Latency table, as it is now.
        only: Measured operators that may be used; by default all.
        without: Names of networks that nothing may be learned from.
    """

    def __init__(
        self,
        table: LatencyTable,
        *,
        only: Container[OpSpec] | None = None,
        without: Container[str] = (),
    ) -> None:
        self._convention = table.context.convention
        curves = Curves.of(table)
        self.layout = FeatureLayout(swept_bytes=curves.swept_bytes)
        self._transfers = transfers_of(table, curves.swept_bytes, without=without)
        self.prices = prices_of(table, without=without)
        self._curves = {
            spec: curve
            for spec, curve in curves.latencies_ms.items()
            if only is None or spec in only or spec == null_operator()
        }
        self._similar_counts = Counter(map(kernel, self._curves))
        self._rows: dict[OpSpec, Array] = {}
        self._errors: dict[OpSpec, float] = {}
        self._origins: dict[OpSpec, str] = {}
        self._refused: set[OpSpec] = set()
        self._null = self._null_curve()

    @cached_property
    def _interpolator(self) -> TableInterpolator | NetworkPrices:
        if self.prices is not None:
            return self.prices
        return interpolator_of(self._curves, self._transfers)

    def _null_curve(self) -> Array:
        """What a run itself costs, in each state."""
        nothing = np.zeros(self.layout.swept_bytes.size)
        if self._convention is Convention.UNFUSED:
            return nothing  # such tables are added up as they are, without the empty run
        null = null_operator()
        measured_elsewhere = any(found.source.has_measured(null) for found in self._transfers)
        if self._curves or not measured_elsewhere:
            return self._curves.get(null, nothing)
        (curve,) = self._interpolator.estimate([null]).latencies_ms
        return np.asarray(curve)

    @property
    def device_weights(self) -> Mapping[str, float]:
        """Weight of each other device that the table has a copy of, by its name.

        What is missing to 1 is the weight of estimates without any other device.
        """
        return self._interpolator.device_weights if self._transfers else {}

    @property
    def other_models(self) -> tuple[NetworkModel, ...]:
        """How networks follow from operators on other devices, in this one's milliseconds."""
        return self._interpolator.other_models if self._transfers else ()

    @property
    def learns_from_networks(self) -> bool:
        """Whether rows depend on the table's whole networks, so that these cannot judge them."""
        return bool(self._transfers) and self._interpolator.learns_from_networks

    def origin(self, spec: OpSpec) -> str:
        """Name of the other device that an operator's latency is transferred from; maybe empty."""
        self.of([spec])
        return self._origins.get(spec, "")

    def key(self, spec: OpSpec) -> OpSpec | None:
        """The table's key of an operator, or None if its convention leaves it out."""
        return spec if spec in self._curves else table_key(spec, self._convention)

    def source(self, spec: OpSpec) -> Source:
        """Where the latency of an operator comes from."""
        key = self.key(spec)
        if key is None:
            further = self._convention is Convention.FUSED_FURTHER
            return Source.WITHIN if further else Source.LEFT_OUT
        if key in self._curves:
            return Source.MEASURED
        self.of([spec])
        if spec in self._refused:
            return Source.MISSING
        if self.prices is not None:
            return Source.FITTED
        return Source.TRANSFERRED if self._origins.get(spec) else Source.INTERPOLATED

    def error(self, spec: OpSpec) -> float:
        """Relative standard error of an operator's latency: 0 if it was measured."""
        self.of([spec])
        return self._errors[spec]

    def missing_of(self, specs: Iterable[OpSpec]) -> list[OpSpec]:
        """Those of the operators that the table has nothing like, each once."""
        operators = list(dict.fromkeys(specs))
        missing = self.layout.networks(self.of(operators)).missing
        return [spec for spec, lacking in zip(operators, missing, strict=True) if lacking]

    def of(self, specs: Sequence[OpSpec]) -> Array:
        """The rows of operators, ``(operators, width)``."""
        self._make_rows([spec for spec in dict.fromkeys(specs) if spec not in self._rows])
        if not specs:
            return np.zeros((0, self.layout.width))
        return np.array([self._rows[spec] for spec in specs])

    def _make_rows(self, specs: Sequence[OpSpec]) -> None:
        unmeasured: dict[OpSpec, OpSpec] = {}
        for spec in specs:
            key = self.key(spec)
            if key is None:
                self._rows[spec] = np.zeros(self.layout.width)
                self._errors[spec] = 0.0
            elif spec.is_open:  # its size is not known, so no measurement applies
                self._refused.add(spec)
                self._store(spec, np.full(self._null.size, np.nan), 0.0, 0.0)
            elif key in self._curves:
                self._store(spec, self._curves[key], 0.0, 0.0)
            else:
                unmeasured[spec] = key
        if not unmeasured:
            return
        estimates = self._interpolator.estimate(list(unmeasured.values()))
        for index, (spec, key) in enumerate(unmeasured.items()):
            curve, error = estimates.latencies_ms[index], float(estimates.errors[index])
            self._origins[spec] = origin = estimates.origins[index]
            alone = not origin and self.prices is None
            if alone and self._similar_counts[kernel(key)] < MINIMUM_SIMILAR:
                error = max(error, _WORST_ERROR)
            shared = error
            if estimates.shared_errors is not None:
                shared = float(estimates.shared_errors[index])
            negligible = float(np.mean(curve)) * error <= np.mean(self._null)
            # By whole networks an operator has no latency at all where nothing is known of it.
            good = self.prices is not None or error <= _WORST_ERROR or negligible
            if not (good and np.isfinite(curve).all()):
                self._refused.add(spec)
                curve = curve * np.nan
            self._store(spec, curve, error, shared)

    def _store(self, spec: OpSpec, curve: Array, error: float, shared: float) -> None:
        own = np.maximum(curve - self._null, 0.0)  # nan stays nan
        self._rows[spec] = self.layout.row(spec, own, shared)
        self._errors[spec] = error


def kernel(spec: OpSpec) -> tuple[str, Shape]:
    """Kind and extents of the filter, which decide the kernel that computes an operator."""
    shapes = (shape[2:] for shapes in spec.weights.values() for shape in shapes)
    return spec.kind, max(shapes, key=len, default=())
