"""Latency of networks from a table, operator by operator, with an interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from edgeslim.errors import MissingLatencyError
from edgeslim.latency_rows import Convention
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec
from edgeslim.prediction.calibration import Calibration, Truth, calibrate
from edgeslim.prediction.operator_rows import OperatorRows, Source
from edgeslim.table_keys import is_view
from edgeslim.tables.sums import networks_that_are_sums

__all__ = ["OperatorLatency", "Prediction", "Predictor", "Source", "missing_error"]


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorLatency:
    """One operator of a network.

    Args:
        spec: The operator.
        source: Where its latency comes from.
        latency_ms: In this network; None where it is missing.
        error: Relative standard error of an interpolated latency, 0 of a measured one.
        unsteady: Why what was measured is not to be relied on, or nothing.
    """

    spec: OpSpec
    source: Source
    latency_ms: float | None
    error: float = 0.0
    unsteady: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """Latency of a network.

    Args:
        total_ms: Over the operators that are known: less than the truth if any are missing.
        interval_ms: Lower and upper end of the 90 % interval.
        operators: One for each operator, in order.
        fused_ms: By a table of operators before any fusion, the sum over those that the
            optimizer leaves; None by all others.
    """

    total_ms: float
    interval_ms: tuple[float, float]
    operators: tuple[OperatorLatency, ...]
    fused_ms: float | None = None

    def of(self, source: Source) -> tuple[OpSpec, ...]:
        """Operators whose latency comes from somewhere, each once."""
        return tuple(dict.fromkeys(each.spec for each in self.operators if each.source is source))

    @property
    def missing(self) -> tuple[OpSpec, ...]:
        """Operators of which the table knows nothing, each once."""
        return self.of(Source.MISSING)

    @property
    def left_out(self) -> dict[str, int]:
        """How many operators of each kind tables of this convention never have."""
        return dict(
            Counter(each.spec.kind for each in self.operators if each.source is Source.LEFT_OUT)
        )

    @property
    def coverage(self) -> float:
        """Share of the operators that are measured or interpolated."""
        known = (Source.MEASURED, Source.INTERPOLATED)
        found = sum(each.source in known for each in self.operators)
        return found / len(self.operators) if self.operators else 1.0


class Predictor:
    """Predicts with a table as it is when this is made.

    Args:
        table: The table.
        without: Names of networks that the fit must not see, to be judged by.
        only: Operators to know of, if not all that were measured; to be judged by the rest.
    """

    def __init__(
        self,
        table: LatencyTable,
        *,
        without: Container[str] = (),
        only: Container[OpSpec] | None = None,
    ) -> None:
        self.table = table
        self.rows = OperatorRows(table, only=only)
        self._without = without

    @cached_property
    def calibration(self) -> Calibration:
        """Fitted on the table's networks whose operators are known."""
        measured_ms = self.table.network_latencies_ms()
        refused = networks_that_are_sums(self.table)
        truths = []
        for name, row in self.table.networks.items():
            specs = row.graph.specs
            if name in self._without or name in refused or not specs:
                continue
            if any(self.rows.key(spec) is None for spec in specs):
                continue  # it has more in it than the table ever says
            sums = self.rows.of(specs).sum(axis=0)
            if self.rows.layout.networks(sums[None]).missing[0] == 0:
                truths.append(Truth(name=name, measured_ms=measured_ms[name], sums=sums))
        return replace(calibrate(truths, self.rows.layout), refused=refused)

    def predict(self, specs: Sequence[OpSpec]) -> Prediction:
        """Latency of a network of these operators, missing ones listed.

        Args:
            specs: What the table's operators are, or as the optimizer leaves them.
        """
        if self.table.context.convention is Convention.UNFUSED:
            specs = [spec for spec in specs if not is_view(spec)]
        rows = self.rows.of(specs)
        calibration, layout = self.calibration, self.rows.layout
        network = layout.networks(rows.sum(axis=0, keepdims=True))
        total = float(calibration.model.latencies_ms(network)[0])
        half = float(calibration.half_widths_ms(network)[0])
        shares = calibration.model.shares_ms(layout.networks(rows), float(network.touched_bytes[0]))
        factor = float(total / shares.sum()) if shares.sum() > 0 else 0.0
        return Prediction(
            total_ms=total,
            interval_ms=(max(0.0, total - half), total + half),
            operators=tuple(
                self._operator(spec, float(share) * factor)
                for spec, share in zip(specs, shares, strict=True)
            ),
        )

    def _operator(self, spec: OpSpec, latency_ms: float) -> OperatorLatency:
        source, key = self.rows.source(spec), self.rows.key(spec)
        if key is None or source is Source.MISSING:
            return OperatorLatency(spec=spec, source=source, latency_ms=None)
        return OperatorLatency(
            spec=spec,
            source=source,
            latency_ms=latency_ms,
            error=self.rows.error(spec),
            unsteady=self.table.unsteady(key),
        )

    def total_ms(self, specs: Sequence[OpSpec]) -> float:
        """Latency of a network whose operators must be known, but those the table leaves out.

        Raises:
            MissingLatencyError: The table knows nothing of some; says how many and one.
        """
        prediction = self.predict(specs)
        if prediction.missing:
            raise missing_error(self.table, prediction.missing)
        return prediction.total_ms


def missing_error(table: LatencyTable, missing: Sequence[OpSpec]) -> MissingLatencyError:
    """The error for operators that a table lacks."""
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    return MissingLatencyError(
        f"{table.path} knows nothing like {missing[0]}{more}; "
        "measure them with edgeslim profile --out on this table"
    )
