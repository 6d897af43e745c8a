"""Latency of networks from a table, operator by operator, with an interval."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np

from edgeslim.conversion.operator_jobs import null_operator
from edgeslim.errors import MissingLatencyError
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec
from edgeslim.prediction.calibration import Calibration, Truth, calibrate
from edgeslim.prediction.curves import Curves
from edgeslim.prediction.interpolation import Interpolator
from edgeslim.prediction.network_features import Array, Layout

__all__ = ["OperatorLatency", "Prediction", "Predictor", "Source", "missing_error"]

_WORST_ERROR = 0.5
"""An estimate that may be off by more than this is none."""


class Source(str, Enum):
    """Where an operator's latency comes from."""

    MEASURED = "measured"
    INTERPOLATED = "interpolated"
    MISSING = "missing"


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
    """

    total_ms: float
    interval_ms: tuple[float, float]
    operators: tuple[OperatorLatency, ...]

    def of(self, source: Source) -> tuple[OpSpec, ...]:
        """Operators whose latency comes from somewhere, each once."""
        return tuple(dict.fromkeys(each.spec for each in self.operators if each.source is source))

    @property
    def missing(self) -> tuple[OpSpec, ...]:
        """Operators of which the table knows nothing, each once."""
        return self.of(Source.MISSING)

    @property
    def coverage(self) -> float:
        """Share of the operators that are measured or interpolated."""
        found = sum(each.source is not Source.MISSING for each in self.operators)
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
        self._without = without
        curves = Curves.of(table)
        self.layout = Layout(swept_bytes=curves.swept_bytes)
        nothing = np.zeros(curves.swept_bytes.size)
        self._null = curves.latencies_ms.get(null_operator(), nothing)
        self._curves = {
            spec: curve
            for spec, curve in curves.latencies_ms.items()
            if only is None or spec in only or spec == null_operator()
        }
        self._rows: dict[OpSpec, Array] = {}
        self._errors: dict[OpSpec, float] = {}

    @cached_property
    def _interpolator(self) -> Interpolator:
        return Interpolator(self._curves)

    @cached_property
    def calibration(self) -> Calibration:
        """Fitted on the table's networks whose operators are known."""
        measured_ms = self.table.network_latencies_ms()
        truths = []
        for name, row in self.table.networks.items():
            if name in self._without or not row.graph.nodes:
                continue
            sums = self.rows(row.graph.specs).sum(axis=0, keepdims=True)
            if self.layout.networks(sums).missing[0] == 0:
                truths.append(Truth(name=name, measured_ms=measured_ms[name], sums=sums[0]))
        return calibrate(truths, self.layout)

    def rows(self, specs: Sequence[OpSpec]) -> Array:
        """The rows of operators in this predictor's layout, ``(operators, width)``."""
        unknown = [spec for spec in dict.fromkeys(specs) if spec not in self._rows]
        unmeasured = [spec for spec in unknown if spec not in self._curves]
        for spec in unknown:
            if spec in self._curves:
                self._take(spec, self._curves[spec], 0.0)
        if unmeasured:
            estimates = self._interpolator.estimate(unmeasured)
            for spec, curve, error in zip(
                unmeasured, estimates.latencies_ms, estimates.errors, strict=True
            ):
                self._take(spec, curve if error <= _WORST_ERROR else curve * np.nan, float(error))
        if not specs:
            return np.zeros((0, self.layout.width))
        return np.array([self._rows[spec] for spec in specs])

    def _take(self, spec: OpSpec, curve: Array, error: float) -> None:
        own = np.maximum(curve - self._null, 0.0)  # nan stays nan
        self._rows[spec] = self.layout.row(spec, own, error)
        self._errors[spec] = error

    def unknown(self, specs: Iterable[OpSpec]) -> list[OpSpec]:
        """Those operators of which the table knows nothing, each once."""
        each = list(dict.fromkeys(specs))
        missing = self.layout.networks(self.rows(each)).missing
        return [spec for spec, lacking in zip(each, missing, strict=True) if lacking]

    def predict(self, specs: Sequence[OpSpec]) -> Prediction:
        """Latency of a network of these operators, missing ones listed."""
        rows = self.rows(specs)
        calibration = self.calibration
        network = self.layout.networks(rows.sum(axis=0, keepdims=True))
        total = float(calibration.model.latencies_ms(network)[0])
        half = float(calibration.half_widths_ms(network)[0])
        shares = calibration.model.shares_ms(
            self.layout.networks(rows), float(network.touched_bytes[0])
        )
        factor = total / shares.sum() if shares.sum() > 0 else 0.0
        return Prediction(
            total_ms=total,
            interval_ms=(max(0.0, total - half), total + half),
            operators=tuple(
                self._operator(spec, float(share) * factor, bool(row[1]))
                for spec, share, row in zip(specs, shares, rows, strict=True)
            ),
        )

    def _operator(self, spec: OpSpec, latency_ms: float, missing: bool) -> OperatorLatency:
        if missing:
            return OperatorLatency(spec=spec, source=Source.MISSING, latency_ms=None)
        if spec not in self._curves:
            return OperatorLatency(
                spec=spec,
                source=Source.INTERPOLATED,
                latency_ms=latency_ms,
                error=self._errors[spec],
            )
        return OperatorLatency(
            spec=spec,
            source=Source.MEASURED,
            latency_ms=latency_ms,
            unsteady=self.table.unsteady(spec),
        )

    def total_ms(self, specs: Sequence[OpSpec]) -> float:
        """Latency of a network whose operators must all be known.

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
