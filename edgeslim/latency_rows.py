"""The lines of a latency table: its context, operators, whole networks, failures."""

from __future__ import annotations

import math
from enum import Enum
from pathlib import Path

import msgspec

from edgeslim.errors import ContextMismatchError
from edgeslim.execution import Execution, Target
from edgeslim.graph import Graph
from edgeslim.measurement import CacheState, Measurement
from edgeslim.opspec import OpSpec, decode_hook, encode_hook
from edgeslim.row_files import RowFormat

__all__ = [
    "ROWS",
    "SCHEMA",
    "ConditionsRow",
    "Convention",
    "FailedRow",
    "NetworkRow",
    "OperatorRow",
    "Row",
    "TableContext",
    "encode_row",
]

SCHEMA = 2
"""1: first version. 2: conditions; what disturbed an operator (both 2026-11)."""


class Convention(str, Enum):
    """What the operators of a table are, beside those that a device runs."""

    FUSED = "fused"
    """As the optimizer leaves them, which is what runs."""
    BARE_CONVOLUTIONS = "bare-convolutions"
    """Convolutions alone, without bias, batch norm and activation, as PaddleSlim counts."""
    UNFUSED = "unfused"
    """As PaddleSlim 1.x lists a network before any fusion: norms and activations by themselves,
    fully connected layers as 1x1 convolutions."""
    UNNAMED_ACTIVATIONS = "unnamed-activations"
    """As the optimizer leaves them, but nothing says a convolution's bias and activation."""

    def __str__(self) -> str:
        return self.value


class TableContext(msgspec.Struct, frozen=True, kw_only=True, tag="context", tag_field="row"):
    """Everything that all rows of a table share, and the latency depends on.

    Args:
        device: Name of the device's profile.
        hardware: What the device says it is, such as its processor.
        execution: Target, precision, threads, power mode.
        library_version: Version of Paddle-Lite, of ``opt`` and runtime alike.
        runner: Program that measured.
        simulated: Whether the numbers were made up; such a table is never quoted as measured.
        created: Day and time of the first line, UTC.
        edgeslim: Version that made the table.
        provenance: Of an imported table, where its numbers come from and what is not known
            of them.
        convention: What its operators are.
        settings: What was set on the device for the measurement, such as a frequency lock.
        unit: Serial number that the device says of itself; empty if it says none. A table
            predicts for others of its kind, and is filled by one.
    """

    device: str
    hardware: str
    execution: Execution
    library_version: str
    runner: str
    simulated: bool = False
    created: str = ""
    edgeslim: str = ""
    provenance: str = ""
    convention: Convention = Convention.FUSED
    settings: tuple[str, ...] = ()
    unit: str = ""
    schema: int = SCHEMA

    @property
    def fused_for(self) -> Target | None:
        """What the networks are fused for whose operators are looked up; None for not at all."""
        return None if self.convention is Convention.UNFUSED else self.execution.target

    def check_same(self, other: TableContext, path: Path) -> None:
        """Refuses to mix measurements.

        Raises:
            ContextMismatchError: Names what differs, here and there.
        """
        difference = self.difference(other)
        if difference:
            raise ContextMismatchError(f"{path} is of another {difference}; use another table")

    def difference(self, other: TableContext) -> str:
        """The first thing that the latency depends on and that differs, or nothing."""
        for field in _DECIDING:
            mine, theirs = getattr(self, field), getattr(other, field)
            if mine != theirs:
                return f"{field.replace('_', ' ')}: {mine}, not {theirs}"
        return ""


_DECIDING = (
    "device",
    "hardware",
    "execution",
    "library_version",
    "runner",
    "simulated",
    "convention",
    "settings",
)
"""What rows of one table have in common."""


class OperatorRow(msgspec.Struct, frozen=True, kw_only=True, tag="operator", tag_field="row"):
    """One operator, timed alone in some cache states.

    Args:
        operator: The key.
        measurements: One for each cache state.
        reference_ms: What the reference operator took meanwhile: how fast the device was.
            0 is not known.
        disturbed: What disturbed the device in every attempt, or nothing.
        measured: Day and time, UTC.
    """

    operator: OpSpec
    measurements: tuple[Measurement, ...]
    reference_ms: float = 0.0
    disturbed: str = ""
    measured: str = ""

    def __post_init__(self) -> None:
        if not self.measurements:
            raise ValueError(f"{self.operator} has no measurements")
        _check_reference(self.reference_ms)


class NetworkRow(msgspec.Struct, frozen=True, kw_only=True, tag="network", tag_field="row"):
    """One whole network as the device ran it: the judge of every sum.

    Args:
        name: What it is called.
        graph: Its fused operators.
        measurements: All in one cache state.
        reference_ms: As of `OperatorRow`.
        measured: Day and time, UTC.
    """

    name: str
    graph: Graph
    measurements: tuple[Measurement, ...]
    reference_ms: float = 0.0
    measured: str = ""

    def __post_init__(self) -> None:
        Measurement.pooled(self.measurements)
        _check_reference(self.reference_ms)

    @property
    def cache(self) -> CacheState:
        """What the caches held before each run, the same in all measurements."""
        return self.measurements[0].cache

    @property
    def latency_ms(self) -> float:
        """Median over all samples."""
        return Measurement.pooled(self.measurements).latency_ms


class ConditionsRow(msgspec.Struct, frozen=True, kw_only=True, tag="conditions", tag_field="row"):
    """What the device said of its own state while rows around this one were measured.

    Args:
        frequencies_mhz: Of each core; empty if it does not say.
        governors: Frequency governors in use.
        temperature_c: Of the hottest sensor.
        load: Mean number of programs that ran or wanted to, over a minute.
        measured: Day and time, UTC.
        thermal_status: What Android makes of its temperatures, from 0 (none) to 6 (shutdown).
        battery_percent: How full the battery is.
        battery_c: Its temperature.
        plugged: Whether it is charged.
        online_cores: How many cores are switched on.
        capped: The share of its full frequency that the most limited core may use.
    """

    frequencies_mhz: tuple[float, ...] = ()
    governors: tuple[str, ...] = ()
    temperature_c: float | None = None
    load: float | None = None
    measured: str = ""
    thermal_status: int | None = None
    battery_percent: int | None = None
    battery_c: float | None = None
    plugged: bool | None = None
    online_cores: int | None = None
    capped: float | None = None


class FailedRow(msgspec.Struct, frozen=True, kw_only=True, tag="failed", tag_field="row"):
    """One operator that could not be measured, and why; it is not tried again."""

    operator: OpSpec
    reason: str
    measured: str = ""


def _check_reference(reference_ms: float) -> None:
    if not 0 <= reference_ms < math.inf:
        raise ValueError(f"reference_ms must be 0 or more, not {reference_ms}")


Row = TableContext | OperatorRow | NetworkRow | FailedRow | ConditionsRow


ROWS: RowFormat[Row] = RowFormat(
    decoder=msgspec.json.Decoder(Row, dec_hook=decode_hook),
    newest=SCHEMA,
    denial="not a latency table",
)
"""What the lines of a latency table are."""

_ENCODER = msgspec.json.Encoder(enc_hook=encode_hook)


def encode_row(row: Row) -> bytes:
    """The line of a row."""
    return _ENCODER.encode(row)
