"""Predicts latencies of networks from a table, operator by operator, with an interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import isfinite

from edgeslim.errors import MissingLatencyError
from edgeslim.graph import Graph
from edgeslim.latency_rows import Convention
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec
from edgeslim.prediction.calibration import Calibration, CalibrationNetwork, calibrate
from edgeslim.prediction.left_out_errors import left_out_errors
from edgeslim.prediction.operator_rows import OperatorRows, Source
from edgeslim.prediction.start_predictor import StartPrediction, StartPredictor
from edgeslim.table_keys import is_view
from edgeslim.tables.sums import networks_that_are_sums

__all__ = ["OperatorLatency", "Prediction", "Predictor", "Source"]


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorLatency:
    """Predicted latency of one operator of a network.

    Args:
        spec: Operator that the latency is of.
        source: Where its latency comes from.
        latency_ms: Latency in this network; None where it is missing.
        error: Relative standard error of an interpolated latency, 0 of a measured one.
        unsteady: Why the measurement is unreliable; empty if it is not.
        origin: Name of the other device that it is transferred from; empty if it is not.
    """

    spec: OpSpec
    source: Source
    latency_ms: float | None
    error: float = 0.0
    unsteady: str = ""
    origin: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """Predicted latency of a network.

    Args:
        total_ms: Sum over the known operators and the run; too low if any operators are missing.
        interval_ms: Lower and upper end of the 90 % interval; None where the table has too few
            whole networks to know how far off it is.
        run_ms: Part of the total that a run takes whatever the network.
        operators: Latency of each operator, in the network's order.
        fused_ms: By a table of operators before any fusion, the sum over the fused operators;
            None by other tables.
        start: How the network starts; None where that was not asked for.
    """

    total_ms: float
    interval_ms: tuple[float, float] | None
    operators: tuple[OperatorLatency, ...]
    run_ms: float = 0.0
    fused_ms: float | None = None
    start: StartPrediction | None = None

    def of(self, source: Source) -> tuple[OpSpec, ...]:
        """Operators whose latency comes from a source, each once."""
        return tuple(
            dict.fromkeys(operator.spec for operator in self.operators if operator.source is source)
        )

    @property
    def missing(self) -> tuple[OpSpec, ...]:
        """Operators that the table has nothing like, each once."""
        return self.of(Source.MISSING)

    @property
    def excluded_kinds(self) -> dict[str, int]:
        """How many operators of each kind are left out by the table's convention."""
        return dict(
            Counter(
                operator.spec.kind
                for operator in self.operators
                if operator.source is Source.LEFT_OUT
            )
        )

    @property
    def coverage(self) -> float:
        """Share of the operators whose latency is measured or estimated."""
        unknown = (Source.MISSING, Source.LEFT_OUT)
        found = sum(operator.source not in unknown for operator in self.operators)
        return found / len(self.operators) if self.operators else 1.0


class Predictor:
    """Predicts with a table as it is when the predictor is made.

    Args:
        table: Latency table of a device.
        without: Names of networks that are left out of the fit, to validate it.
        only: Measured operators that may be used, to validate with the others; by default all.
    """

    def __init__(
        self,
        table: LatencyTable,
        *,
        without: Container[str] = (),
        only: Container[OpSpec] | None = None,
    ) -> None:
        self.table = table
        self.rows = OperatorRows(table, only=only, without=without)
        self._without = without
        self._only = only
        self._is_whole = only is None and without == ()

    @cached_property
    def calibration(self) -> Calibration:
        """Calibration on the table's networks whose operators are known."""
        if self.rows.prices is not None:
            return replace(self.rows.prices.calibration, refused=networks_that_are_sums(self.table))
        found = self._raw_calibration
        if not self.rows.learns_from_networks:
            return found
        # The operators' latencies have seen the networks that they are judged by.
        if not self._is_whole:
            return found.with_residuals(self._left_out_errors(found.residuals))
        errors = left_out_errors(self.table, lambda: self._left_out_errors(found.residuals))
        return found.with_residuals({name: errors[name] for name in found.residuals})

    @cached_property
    def _raw_calibration(self) -> Calibration:
        measured_ms = self.table.network_latencies_ms()
        refused = networks_that_are_sums(self.table)
        truths = []
        for name, row in self.table.networks.items():
            specs = row.graph.specs
            if name in self._without or name in refused or not specs:
                continue
            if any(self.rows.key(spec) is None for spec in specs):
                continue  # the table's convention leaves some of its operators out
            sums = self.rows.of(specs).sum(axis=0)
            if self.rows.layout.networks(sums[None]).missing[0] == 0:
                truths.append(
                    CalibrationNetwork(name=name, measured_ms=measured_ms[name], sums=sums)
                )
        return replace(
            calibrate(truths, self.rows.layout, others=self.rows.other_models),
            refused=refused,
        )

    def _left_out_errors(self, names: Iterable[str]) -> dict[str, float]:
        measured_ms = self.table.network_latencies_ms()
        return {name: self._left_out_ms(name) / measured_ms[name] - 1 for name in names}

    def _left_out_ms(self, name: str) -> float:
        """Predicted latency of a network by a table that has never seen it."""
        without = {other for other in self.table.networks if other in self._without} | {name}
        others = Predictor(self.table, without=without, only=self._only)
        sums = others.rows.of(self.table.networks[name].graph.specs).sum(axis=0, keepdims=True)
        (predicted,) = others._raw_calibration.model.latencies_ms(others.rows.layout.networks(sums))
        return float(predicted)

    def predict(self, specs: Sequence[OpSpec]) -> Prediction:
        """Predicts the latency of a network of these operators; missing ones are listed.

        Args:
            specs: Operators of the network, in the table's convention or fused.
        """
        if self.table.context.convention is Convention.UNFUSED:
            specs = [spec for spec in specs if not is_view(spec)]
        rows = self.rows.of(specs)
        calibration, layout = self.calibration, self.rows.layout
        network = layout.networks(rows.sum(axis=0, keepdims=True))
        total = float(calibration.model.latencies_ms(network)[0])
        run_ms = min(total, max(0.0, calibration.model.run_ms))
        shares = calibration.model.shares_ms(layout.networks(rows), float(network.touched_bytes[0]))
        factor = float((total - run_ms) / shares.sum()) if shares.sum() > 0 else 0.0
        interval_ms = None
        if calibration.has_intervals:
            half = float(calibration.half_widths_ms(network)[0])
            interval_ms = (max(0.0, total - half), total + half)
        return Prediction(
            total_ms=total,
            interval_ms=interval_ms,
            run_ms=run_ms,
            operators=tuple(
                self._operator(spec, float(share) * factor)
                for spec, share in zip(specs, shares, strict=True)
            ),
        )

    @cached_property
    def starts(self) -> StartPredictor:
        """Predicts how networks start whose operators and wiring are known."""
        return StartPredictor(self.table, without=self._without)

    def predict_start(self, graph: Graph, prediction: Prediction) -> StartPrediction:
        """Predicts how a network starts: its memory, loading and first run.

        Args:
            graph: The network, fused for the table's target.
            prediction: What is predicted of its operators.
        """
        if self.table.context.convention is not Convention.FUSED:
            return StartPrediction(
                reason=f"{self.table.path} was imported, and has no starts of networks"
            )
        return self.starts.predict(graph, None if prediction.missing else prediction.total_ms)

    def _operator(self, spec: OpSpec, latency_ms: float) -> OperatorLatency:
        source, key = self.rows.source(spec), self.rows.key(spec)
        if key is None or source is Source.MISSING:
            return OperatorLatency(spec=spec, source=source, latency_ms=None)
        return OperatorLatency(
            spec=spec,
            source=source,
            latency_ms=latency_ms,
            error=self.rows.error(spec),
            unsteady=self.table.unsteady_reason(key),
            origin=self.rows.origin(spec) if source is Source.TRANSFERRED else "",
        )

    def total_ms(self, specs: Sequence[OpSpec]) -> float:
        """Latency of a network whose operators must be known, except those left out.

        Raises:
            MissingLatencyError: The table has nothing like some; the message names one.
        """
        prediction = self.predict(specs)
        if prediction.missing:
            raise self.missing_error(prediction.missing)
        return prediction.total_ms

    def missing_error(self, missing: Sequence[OpSpec]) -> MissingLatencyError:
        """The error for operators that cannot be predicted, some of `OperatorRows.missing_of`."""
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        error = self.rows.error(missing[0])
        knows = "knows nothing like"
        measure = "measure them with edgeslim profile --out on this table"
        if isfinite(error) and error > 0:  # there are some of its family
            knows = f"knows too little (to {error:.0%}) of"
            measure += ", and a larger --budget if it had one"
        return MissingLatencyError(f"{self.table.path} {knows} {missing[0]}{more}; {measure}")
