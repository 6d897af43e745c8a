"""Latency of networks from a table, operator by operator, with an interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np

from edgeslim.conversion.operator_jobs import null_operator
from edgeslim.errors import MissingLatencyError
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec
from edgeslim.prediction.calibration import Calibration, NetworkPoint, calibrate
from edgeslim.prediction.reuse_distance import LatencyCurves, touched_bytes
from edgeslim.table_keys import table_key

__all__ = ["OperatorLatency", "Prediction", "Predictor", "Source"]

Array = np.ndarray[Any, np.dtype[np.float64]]


class Source(str, Enum):
    """Where an operator's latency comes from."""

    MEASURED = "measured"
    MISSING = "missing"
    LEFT_OUT = "not in this table's convention"


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorLatency:
    """One operator of a network; ``latency_ms`` is None where the table lacks it."""

    spec: OpSpec
    source: Source
    latency_ms: float | None
    stable: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """Latency of a network.

    Args:
        total_ms: Over the operators that the table has: less than the truth if any lack.
        interval_ms: Lower and upper end of the 90 % interval.
        operators: One for each operator, in order.
    """

    total_ms: float
    interval_ms: tuple[float, float]
    operators: tuple[OperatorLatency, ...]

    @property
    def missing(self) -> tuple[OpSpec, ...]:
        """Operators that the table lacks, each once."""
        return tuple(
            dict.fromkeys(each.spec for each in self.operators if each.source is Source.MISSING)
        )

    @property
    def left_out(self) -> dict[str, int]:
        """How many operators of each kind tables of this convention never have."""
        return dict(
            Counter(each.spec.kind for each in self.operators if each.source is Source.LEFT_OUT)
        )

    @property
    def coverage(self) -> float:
        """Share of the operators that the table has."""
        found = sum(each.source is Source.MEASURED for each in self.operators)
        return found / len(self.operators) if self.operators else 1.0


class Predictor:
    """Predicts with a table as it is when this is made.

    Args:
        table: The table.
        without: Names of networks that the fit must not see, to be judged by.
    """

    def __init__(self, table: LatencyTable, *, without: Container[str] = ()) -> None:
        self.table = table
        self._without = without
        self._latencies_ms = table.latencies_ms()
        self._curves = LatencyCurves(self._latencies_ms.get(null_operator(), {}))
        self._known: dict[OpSpec, tuple[Array, Array]] = {}

    @cached_property
    def calibration(self) -> Calibration:
        """Fitted on the table's networks whose operators it has."""
        measured_ms = self.table.network_latencies_ms()
        points = [
            self.network_point(name, row.graph.specs, measured_ms[name])
            for name, row in self.table.networks.items()
            if name not in self._without
            and row.graph.nodes
            and all(spec in self._latencies_ms for spec in row.graph.specs)
        ]
        return calibrate(points)

    def network_point(self, name: str, specs: Sequence[OpSpec], measured_ms: float) -> NetworkPoint:
        """A measured network in the form that a fit takes."""
        swept = np.unique(np.concatenate([self._curve(spec)[0] for spec in specs]))
        totals = sum((np.interp(swept, *self._curve(spec)) for spec in specs), np.zeros(swept.size))
        return NetworkPoint(
            name=name,
            measured_ms=measured_ms,
            count=len(specs),
            touched_bytes=touched_bytes(specs),
            swept_bytes=swept,
            totals_ms=totals,
        )

    def predict(self, specs: Sequence[OpSpec]) -> Prediction:
        """Latency of a network of these operators, missing ones listed."""
        calibration = self.calibration
        model = calibration.model
        distance = model.distance_factor * touched_bytes(specs)
        operators = []
        for spec in specs:
            key = self.key(spec)
            if key is None or key not in self._latencies_ms:
                source = Source.LEFT_OUT if key is None else Source.MISSING
                operators.append(OperatorLatency(spec=spec, source=source, latency_ms=None))
                continue
            alone_ms = float(np.interp(distance, *self._curve(key)))
            operators.append(
                OperatorLatency(
                    spec=spec,
                    source=Source.MEASURED,
                    # A fitted overhead below zero must not make a tiny operator's time so.
                    latency_ms=max(0.0, model.latency_ms(alone_ms, 1)),
                    stable=all(m.stable for m in self.table.measurements(key).values()),
                )
            )
        total = sum(each.latency_ms or 0.0 for each in operators)
        half = calibration.half_width()
        return Prediction(
            total_ms=total,
            interval_ms=(total * max(0.0, 1 - half), total * (1 + half)),
            operators=tuple(operators),
        )

    def key(self, spec: OpSpec) -> OpSpec | None:
        """What the table calls an operator, or None if its convention leaves it out."""
        key = table_key(spec, self.table.context.convention)
        return spec if key is None and spec in self._latencies_ms else key

    def total_ms(self, specs: Sequence[OpSpec]) -> float:
        """Latency of a network whose operators the table must have, but those it leaves out.

        Raises:
            MissingLatencyError: It lacks some; says how many and one of them.
        """
        prediction = self.predict(specs)
        if prediction.missing:
            raise missing_error(self.table, prediction.missing)
        return prediction.total_ms

    def _curve(self, spec: OpSpec) -> tuple[Array, Array]:
        curve = self._known.get(spec)
        if curve is None:
            curve = self._known[spec] = self._curves.curve(self._latencies_ms[spec])
        return curve


def missing_error(table: LatencyTable, missing: Sequence[OpSpec]) -> MissingLatencyError:
    """The error for operators that a table lacks."""
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    return MissingLatencyError(
        f"{table.path} lacks {missing[0]}{more}; "
        "measure them with edgeslim profile --out on this table"
    )
