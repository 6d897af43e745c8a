"""Predicts how networks start on a device: memory, time of loading, time of the first run."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from edgeslim.execution import Target
from edgeslim.graph import Graph
from edgeslim.latency_rows import StartRow
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec
from edgeslim.prediction.linear_fit import LinearFit, fit_linear
from edgeslim.prediction.network_features import Array
from edgeslim.prediction.start_features import StartFeatures, start_features

__all__ = ["LEAST_NETWORKS", "Quantity", "StartPrediction", "StartPredictor"]

LEAST_NETWORKS = 3
"""With fewer networks whose starts were measured, nothing is predicted."""

_MEMORY_NOISE_MB = 1.5
_TIME_NOISE = 0.15
"""Expected error of a time, as a share of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantity:
    """A predicted number, in ms or in MB of a million bytes.

    Args:
        value: The likeliest value, never below 0.
        interval: Its 90 % interval, or that of the confidence that was asked for.
    """

    value: float
    interval: tuple[float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class StartPrediction:
    """What is predicted of a start; None is not known.

    Args:
        memory_mb: Largest memory of runtime and model until the first run is over.
        load_ms: Time of loading from the page cache.
        cold_load_ms: Time of loading from the disk.
        first_run_ms: Time of the first run.
        reason: Why something is not known; empty if everything is.
    """

    memory_mb: Quantity | None = None
    load_ms: Quantity | None = None
    cold_load_ms: Quantity | None = None
    first_run_ms: Quantity | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Model:
    """A fitted quantity.

    Args:
        columns: Makes the columns of a network of its features.
        fit: Numbers of the linear model, and its errors on networks left out.
        scale: Makes the expected size of a network's noise of the predicted value.
        names: Names of the networks of the fit, in order.
    """

    columns: Callable[[StartFeatures], Array]
    fit: LinearFit
    scale: Callable[[float], float]
    names: tuple[str, ...]

    def predict(self, features: StartFeatures, confidence: float, added: float = 0.0) -> Quantity:
        """The quantity of a network, with what is added to it from elsewhere."""
        columns = self.columns(features)
        value = max(0.0, added + self.fit.predict(columns))
        half = self.fit.half_width(columns, self.scale(value), confidence=confidence)
        return Quantity(value=value, interval=(max(0.0, value - half), value + half))


@dataclass(frozen=True, kw_only=True)
class StartPredictor:
    """Predicts by the starts of a table's whole networks.

    Args:
        table: Latency table of a device.
        wired: Whether networks are graphs. If only their operators are known, the fit is on the
            operators of the table's networks alone as well, so that its errors are those.
        without: Names of networks that are left out of the fit.
    """

    table: LatencyTable = field(kw_only=False)
    wired: bool = True
    without: Container[str] = ()
    _models: dict[str, _Model | None] = field(default_factory=dict)

    @property
    def target(self) -> Target:
        """Kind of processor."""
        return self.table.context.execution.target

    def predict(
        self,
        network: Graph | Sequence[OpSpec],
        latency_ms: float | None,
        *,
        confidence: float = 0.9,
    ) -> StartPrediction:
        """Predicts how a network starts.

        Args:
            network: The fused network, or its operators if this predictor is not `wired`.
            latency_ms: Its predicted latency; None if the table knows too little of it.
            confidence: Probability that each interval contains what is measured.
        """
        features = self.features(network)
        found = {
            name: None if model is None else model.predict(features, confidence)
            for name in ("memory_mb", "load_ms", "cold_load_ms")
            for model in [self._model(name)]
        }
        surplus = self._model("first_run_ms")
        if surplus is not None and latency_ms is not None:
            found["first_run_ms"] = surplus.predict(features, confidence, latency_ms)
        return StartPrediction(**found, reason=self.reason)

    def features(self, network: Graph | Sequence[OpSpec]) -> StartFeatures:
        """The features of a network."""
        if not self.wired and isinstance(network, Graph):
            network = network.specs
        return start_features(network, self.target)

    @property
    def reason(self) -> str:
        """Why memory or loading cannot be predicted; empty if they can."""
        missing = [
            what
            for name, what in (("memory_mb", "memory"), ("load_ms", "loading"))
            if self._model(name) is None
        ]
        if not missing:
            return ""
        count = sum(name not in self.without for name in self._rows)
        return (
            f"the starts of {count} whole networks are in {self.table.path}, of {LEAST_NETWORKS} "
            f"that a prediction of {' and '.join(missing)} needs: edgeslim profile --space or "
            "--model on this table measures some"
        )

    def errors(self, name: str) -> Mapping[str, float]:
        """Error of each network's prediction by the others, by name, in the quantity's unit."""
        model = self._model(name)
        if model is None:
            return {}
        return dict(zip(model.names, model.fit.errors.tolist(), strict=True))

    @property
    def alone_mb(self) -> float:
        """Memory of the runtime alone; 0 is not known."""
        known = [row.alone_mb for row in self.table.starts.values() if row.alone_mb is not None]
        return float(np.median(known)) if known else 0.0

    @property
    def _rows(self) -> dict[str, StartRow]:
        networks = self.table.networks
        return {name: row for name, row in self.table.starts.items() if name in networks}

    def _model(self, name: str) -> _Model | None:
        if name not in self._models:
            self._models[name] = self._fit(name)
        return self._models[name]

    def _fit(self, name: str) -> _Model | None:
        column = "taken_mb" if name == "memory_mb" else name
        rows = {
            network: value
            for network, row in self._rows.items()
            for value in [getattr(row, column)]
            if value is not None and network not in self.without
        }
        if len(rows) < LEAST_NETWORKS:
            return None
        features = [self.features(self.table.networks[network].graph) for network in rows]
        values = np.array([*rows.values()])
        if name == "memory_mb":
            return self._fit_memory(tuple(rows), features, values)
        scales = _TIME_NOISE * values
        if name == "first_run_ms":
            latencies = self.table.network_latencies_ms()
            steady = np.array([latencies[network] for network in rows])
            return _fit_time(tuple(rows), features, values - steady, scales, _first_columns)
        return _fit_time(tuple(rows), features, values, scales, _load_columns)

    def _fit_memory(
        self, names: tuple[str, ...], features: Sequence[StartFeatures], values: Array
    ) -> _Model:
        alone, is_x86 = self.alone_mb, self.target is Target.X86
        # The file's weights and the tensors are there once; what kernels of ARM keep of weights
        # besides is not known before a device says so.
        centre = np.array([1.0, alone + 6.0, 1.0, 1.0, 0.0, 0.0, 0.0 if is_x86 else 1.0])
        weights = 0.15 if is_x86 else 0.7
        spreads = np.array([weights, 6.0, 0.15, 0.4, 0.5, 2.0, 0.01 if is_x86 else 1.5])
        fit = fit_linear(
            np.array([_memory_columns(own) for own in features]),
            values,
            np.full(len(values), _MEMORY_NOISE_MB),
            centre=centre,
            spreads=spreads,
        )
        return _Model(
            columns=_memory_columns, fit=fit, scale=lambda _: _MEMORY_NOISE_MB, names=names
        )


def _memory_columns(own: StartFeatures) -> Array:
    return np.array(
        [
            own.file_mb,
            1.0,
            own.tensors_mb,
            own.workspace_mb,
            own.largest_weight_mb,
            own.operators / 100,
            own.winograd_mb,
        ]
    )


def _load_columns(own: StartFeatures) -> Array:
    """A start, the file's bytes, and the operators whose kernels are made."""
    return np.array([1.0, own.file_mb, own.operators])


def _first_columns(own: StartFeatures) -> Array:
    """A start, the pages that are touched for the first time, and the kernels called."""
    touched = own.tensors_mb + own.workspace_mb + own.winograd_mb
    return np.array([1.0, touched, own.operators])


def _fit_time(
    names: tuple[str, ...],
    features: Sequence[StartFeatures],
    values: Array,
    scales: Array,
    columns_of: Callable[[StartFeatures], Array],
) -> _Model:
    """Fits a time, of which each column is expected to take a like part, more or less."""
    columns = np.array([columns_of(own) for own in features])
    units = max(float(np.median(values)), float(np.median(scales))) / np.median(columns, axis=0)
    share = units / columns.shape[1]
    fit = fit_linear(columns, values, scales, centre=share, spreads=share)
    return _Model(columns=columns_of, fit=fit, scale=lambda value: _TIME_NOISE * value, names=names)
