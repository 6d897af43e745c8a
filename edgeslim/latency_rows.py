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
    "SCHEMA_WITH_COPIES",
    "SCHEMA_WITH_STARTS",
    "ConditionsRow",
    "Convention",
    "FailedRow",
    "LikeModel",
    "LikeOperator",
    "LikeRow",
    "NetworkRow",
    "OperatorRow",
    "Row",
    "StartRow",
    "TableContext",
    "encode_row",
]

SCHEMA = 2
"""1: first version. 2: conditions; what disturbed an operator (both 2026-11)."""

SCHEMA_WITH_COPIES = 3
"""The schema of tables with copies of others (2026-11-30)."""

SCHEMA_WITH_STARTS = 4
"""The schema of tables that know how networks start (2026-12-01); tables without either are still
of schema 2."""


class Convention(str, Enum):
    """How the operators of a table relate to those that a device runs."""

    FUSED = "fused"
    """Fused by the optimizer, as they run."""
    BARE_CONVOLUTIONS = "bare-convolutions"
    """Convolutions alone, without bias, batch norm and activation, as PaddleSlim counts."""
    UNFUSED = "unfused"
    """Before any fusion, as PaddleSlim 1.x lists a network: norms and activations by themselves,
    fully connected layers as 1x1 convolutions."""
    UNNAMED_ACTIVATIONS = "unnamed-activations"
    """Fused by the optimizer, but without convolutions' biases and activations."""
    FUSED_FURTHER = "fused-further"
    """Fused as by the optimizer and further, as other runtimes do it: sums of two tensors, and
    gates, are in the time of the operator before them, and views take none."""

    def __str__(self) -> str:
        return self.value


class TableContext(msgspec.Struct, frozen=True, kw_only=True, tag="context", tag_field="row"):
    """Everything that all rows of a table share and the latency depends on.

    Args:
        device: Name of the device's profile.
        hardware: Hardware as the device reports it, such as its processor.
        execution: Target, precision, threads, power mode.
        library_version: Version of Paddle-Lite, of ``opt`` and runtime alike.
        runner: Program that measured the rows.
        created: Day and time of the first line, UTC.
        edgeslim: Version that made the table.
        provenance: Origin of an imported table's numbers, and what is not known of them.
        convention: How its operators relate to those that run.
        settings: Settings of the device for the measurement, such as a frequency lock.
        unit: Serial number that the device reports; empty if there is none. A table is
            filled by one unit, and predicts for others of its kind.
        foreign_target: What an imported table was measured on where Paddle-Lite has no kernels
            for it, in the user's word: a GPU, an NPU, another runtime. Otherwise empty. The
            execution's target then only says whose fusion its networks are like.
    """

    device: str
    hardware: str
    execution: Execution
    library_version: str
    runner: str
    created: str = ""
    edgeslim: str = ""
    provenance: str = ""
    convention: Convention = Convention.FUSED
    settings: tuple[str, ...] = ()
    unit: str = ""
    schema: int = SCHEMA
    foreign_target: str = ""

    @property
    def execution_text(self) -> str:
        """How networks ran, for people; with the word for a target that is not Paddle-Lite's."""
        if not self.foreign_target:
            return str(self.execution)
        target = self.execution.target.value
        like = "operators not fused" if self.fused_for is None else f"fused as for {target}"
        rest = str(self.execution).removeprefix(f"{target} ")
        return f"{self.foreign_target} ({like}) {rest}"

    @property
    def library_name(self) -> str:
        """What the library version is of, for people."""
        return "runtime" if self.foreign_target else "Paddle-Lite"

    @property
    def fused_for(self) -> Target | None:
        """Target that networks are fused for before lookup; None if they are not fused."""
        return None if self.convention is Convention.UNFUSED else self.execution.target

    def check_same(self, other: TableContext, path: Path) -> None:
        """Checks that measurements of two contexts may be mixed.

        Raises:
            ContextMismatchError: They differ; the message has the difference.
        """
        difference = self.difference(other)
        if difference:
            raise ContextMismatchError(f"{path} is of another {difference}; use another table")

    def difference(self, other: TableContext) -> str:
        """Text on the first difference that the latency depends on; empty if there is none."""
        for field in _DECIDING:
            mine, theirs = getattr(self, field), getattr(other, field)
            if mine != theirs:
                return f"{field.replace('_', ' ')}: {mine or 'none'}, not {theirs or 'none'}"
        return ""


_DECIDING = (
    "device",
    "hardware",
    "execution",
    "library_version",
    "runner",
    "convention",
    "settings",
    "foreign_target",
)
"""Fields that must be the same for all rows of a table."""


class OperatorRow(msgspec.Struct, frozen=True, kw_only=True, tag="operator", tag_field="row"):
    """One operator, measured alone in some cache states.

    Args:
        operator: Operator that is the key.
        measurements: One measurement for each cache state.
        reference_ms: Latency of the reference operator at the time, the speed of the device;
            0 is not known.
        disturbed: What disturbed the device in every attempt; empty if nothing did.
        measured: Day and time, UTC.
        kernel: Name of the kernel that computed it, as a foreign runtime calls it; unset
            where it is not known.
    """

    operator: OpSpec
    measurements: tuple[Measurement, ...]
    reference_ms: float = 0.0
    disturbed: str = ""
    measured: str = ""
    kernel: str | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        if not self.measurements:
            raise ValueError(f"{self.operator} has no measurements")
        _check_reference(self.reference_ms)


class NetworkRow(msgspec.Struct, frozen=True, kw_only=True, tag="network", tag_field="row"):
    """One whole network as measured, against which sums of operators are validated.

    Args:
        name: Name of the network.
        graph: Graph of its fused operators.
        measurements: Measurements, all in one cache state.
        reference_ms: Latency of the reference operator, as of `OperatorRow`.
        measured: Day and time, UTC.
    """

    name: str
    graph: Graph
    measurements: tuple[Measurement, ...]
    reference_ms: float = 0.0
    measured: str = ""

    def __post_init__(self) -> None:
        Measurement.pool(self.measurements)
        _check_reference(self.reference_ms)

    @property
    def cache(self) -> CacheState:
        """Cache state before each run, the same in all measurements."""
        return self.measurements[0].cache

    @property
    def latency_ms(self) -> float:
        """Median over all samples."""
        return Measurement.pool(self.measurements).latency_ms


class StartRow(msgspec.Struct, frozen=True, kw_only=True, tag="start", tag_field="row"):
    """How one of the whole networks starts: loaded and run once, in a process of its own.

    Times and memory are medians over some starts; None is not known.

    Args:
        name: Name of the network, which has a row as `NetworkRow` before.
        file_bytes: Size of its optimized file.
        load_ms: Time of loading with the file in the page cache.
        cold_load_ms: Time of loading with the file read from the disk.
        first_run_ms: Time of the first run.
        taken_mb: Largest memory until the first run was over, of runtime and model.
        alone_mb: That of the runtime alone.
        starts: How many starts, warm and cold together, the medians are over.
        measured: Day and time, UTC.
    """

    name: str
    file_bytes: int
    load_ms: float | None = None
    cold_load_ms: float | None = None
    first_run_ms: float | None = None
    taken_mb: float | None = None
    alone_mb: float | None = None
    starts: int = 0
    measured: str = ""

    def __post_init__(self) -> None:
        for field in ("load_ms", "cold_load_ms", "first_run_ms", "taken_mb", "alone_mb"):
            value = getattr(self, field)
            if value is not None and not 0 < value < math.inf:
                raise ValueError(f"{field} must be above 0, not {value}")


class ConditionsRow(msgspec.Struct, frozen=True, kw_only=True, tag="conditions", tag_field="row"):
    """The device's state, as it reported it while rows around this one were measured.

    Args:
        frequencies_mhz: Frequency of each core; empty if it is not reported.
        governors: Frequency governors in use.
        temperature_c: Temperature of the hottest sensor.
        load: Mean number of running or waiting programs, over a minute.
        measured: Day and time, UTC.
        thermal_status: Android's thermal status, from 0 (none) to 6 (shutdown).
        battery_percent: Charge level of the battery.
        battery_c: Temperature of the battery.
        plugged: Whether the device is being charged.
        online_cores: How many cores are online.
        capped: Share of its full frequency that the most limited core may use.
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


class LikeOperator(msgspec.Struct, frozen=True, kw_only=True):
    """One operator of another device's table.

    Args:
        operator: Kind, shapes and attributes.
        latencies_ms: Its latency in each cache state of the `LikeRow`.
    """

    operator: OpSpec
    latencies_ms: tuple[float, ...]


class LikeModel(msgspec.Struct, frozen=True, kw_only=True):
    """How networks follow from operators on another device: numbers of a `NetworkModel`.

    Args:
        distance_factor: Reuse distance over bytes that the operators read and write.
        scale: Factor on the latency of the operators with hot caches.
        cold_scale: Factor on their additional latency at the reuse distance.
        byte_ms: Milliseconds for each byte that they read or write.
        overhead_ms: Milliseconds for calling each operator in a network.
        run_ms: Milliseconds for a run itself.
    """

    distance_factor: float
    scale: float
    cold_scale: float
    byte_ms: float = 0.0
    overhead_ms: float = 0.0
    run_ms: float = 0.0


class LikeRow(msgspec.Struct, frozen=True, kw_only=True, tag="like", tag_field="row", eq=False):
    """A copy of another device's table, from which operators of this one are estimated.

    Args:
        context: Context of the other table.
        digest: Checksum of the other table's file when it was copied.
        swept_bytes: Cache states of the other table, ascending.
        operators: Every operator measured there.
        model: How networks follow from operators there; None if too few were measured.
        added: Day and time when it was copied, UTC.
    """

    context: TableContext
    digest: str
    swept_bytes: tuple[int, ...]
    operators: tuple[LikeOperator, ...]
    model: LikeModel | None = None
    added: str = ""

    def __post_init__(self) -> None:
        states = len(self.swept_bytes)
        if not states or list(self.swept_bytes) != sorted(set(self.swept_bytes)):
            raise ValueError(f"swept_bytes must rise, not {list(self.swept_bytes)}")
        for known in self.operators:
            numbers = known.latencies_ms
            if len(numbers) != states or not all(0 < number < math.inf for number in numbers):
                raise ValueError(
                    f"latencies_ms of {known.operator} must be {states} positive numbers, not "
                    f"{list(numbers)}"
                )

    @property
    def name(self) -> str:
        """Device, hardware and execution of the other table."""
        context = self.context
        return f"{context.device} ({context.hardware}; {context.execution_text}; {context.runner})"


class FailedRow(msgspec.Struct, frozen=True, kw_only=True, tag="failed", tag_field="row"):
    """One operator that could not be measured, and why; it is not tried again."""

    operator: OpSpec
    reason: str
    measured: str = ""


def _check_reference(reference_ms: float) -> None:
    if not 0 <= reference_ms < math.inf:
        raise ValueError(f"reference_ms must be 0 or more, not {reference_ms}")


Row = TableContext | OperatorRow | NetworkRow | StartRow | FailedRow | ConditionsRow | LikeRow


ROWS: RowFormat[Row] = RowFormat(
    decoder=msgspec.json.Decoder(Row, dec_hook=decode_hook),
    newest=SCHEMA_WITH_STARTS,
    denial="not a latency table",
)
"""Format of the lines of a latency table."""

_ENCODER = msgspec.json.Encoder(enc_hook=encode_hook)


def encode_row(row: Row) -> bytes:
    """The line of a row."""
    return _ENCODER.encode(row)
