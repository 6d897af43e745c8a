"""The whole of ``edgeslim table import``: a table of another project as one of edgeslim."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from edgeslim import ops
from edgeslim.durations import now
from edgeslim.errors import BadFileError, UsageError
from edgeslim.execution import Execution, PowerMode, Target
from edgeslim.files import read_bytes, write_bytes
from edgeslim.latency_rows import Convention, OperatorRow, TableContext, encode_row
from edgeslim.measurement import Measurement
from edgeslim.opspec import OpSpec
from edgeslim.table_formats import FORMATS, ForeignRow, ForeignTable, LatencyUnit, Refusal
from edgeslim.version import __version__

__all__ = ["ImportedTable", "TableOrigin", "import_table"]

Value = TypeVar("Value")

_NOT_RECORDED = "not recorded"
_PLAUSIBLE_MACS_PER_S = (3e7, 3e11)
"""Speed of convolutions on any phone or board; a table outside of it has a wrong unit."""
_TELLING_MACS = 1_000_000
"""Smaller convolutions may be slow for other reasons, and are not checked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TableOrigin:
    """Facts about a table that the user knows and its file may omit; None is unknown.

    Args:
        device: Name of the device.
        hardware: Description of the device's hardware.
        target: Kind of its processor.
        threads: Threads that it was measured with.
        power_mode: Cores that it was measured on.
        library_version: Version of Paddle-Lite that it was measured with.
        source: Origin of the file, such as a project and a licence.
        unit: Unit of the latencies.
    """

    device: str
    hardware: str | None = None
    target: Target = Target.ARM
    threads: int | None = None
    power_mode: PowerMode | None = None
    library_version: str | None = None
    source: str | None = None
    unit: LatencyUnit | None = None

    def __post_init__(self) -> None:
        if not self.device:
            raise UsageError("a table needs the name of its device")
        if self.threads is not None and self.threads < 1:
            raise UsageError(f"threads must be at least 1, not {self.threads}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedTable:
    """An imported table.

    Args:
        table: File of the new table.
        context: First line of the new table.
        operators: How many operators it has.
        refused: Rows of the file that are not in it, and why.
        notes: Known defects of the file, and how they were corrected.
    """

    table: Path
    context: TableContext
    operators: int
    refused: tuple[Refusal, ...]
    notes: tuple[str, ...]


def import_table(file: Path, format_name: str, out: Path, *, origin: TableOrigin) -> ImportedTable:
    """Reads a table in another format and writes it as one of edgeslim, whole or not at all.

    Each latency becomes a measurement with one sample, since that is all that is known.

    Args:
        file: File in another project's format.
        format_name: Name of its format.
        out: File to write, which must not exist.
        origin: Facts about the table that the user knows.

    Raises:
        UnknownNameError: There is no such format.
        UsageError: The user and the file disagree, neither has the unit, or there is a
            file at ``out``.
        BadFileError: It is not of the format, none of its rows can be imported, rows
            contradict each other, or its numbers are implausible in its unit.
    """
    chosen = FORMATS.get(format_name)
    if out.exists():
        raise UsageError(f"{out} is there already; give another --out")
    found = chosen.read(file, read_bytes(file), origin.unit)
    if not found.rows:
        first = f"; {found.refused[0]}" if found.refused else ""
        raise BadFileError(f"nothing in {file} can be imported as {format_name}{first}")
    rows, repeated = _drop_repeated(file, found.rows)
    _check_plausible(file, rows, found.unit)
    context = _context(file, format_name, found, origin)
    lines = [encode_row(context), *(encode_row(_row(row)) for row in rows)]
    write_bytes(out, b"\n".join(lines) + b"\n")
    return ImportedTable(
        table=out,
        context=context,
        operators=len(rows),
        refused=found.refused,
        notes=(
            *found.notes,
            *([f"{repeated} rows repeat another and agree with it"] if repeated else []),
        ),
    )


def _drop_repeated(file: Path, rows: Iterable[ForeignRow]) -> tuple[list[ForeignRow], int]:
    """The rows, each operator once, and how many repeated another.

    Raises:
        BadFileError: Two rows of one operator differ by more than their last digits.
    """
    first: dict[OpSpec, ForeignRow] = {}
    repeated = 0
    for row in rows:
        other = first.setdefault(row.operator, row)
        if other is row:
            continue
        repeated += 1
        mine, theirs = row.latency, other.latency
        if abs(mine.nanoseconds - theirs.nanoseconds) > max(mine.step_ns, theirs.step_ns):
            raise BadFileError(
                f"{file}: {row.place}: {row.operator} takes {mine.nanoseconds / 1e6:g} ms here and "
                f"{theirs.nanoseconds / 1e6:g} ms in {other.place}; keep the right one"
            )
    return list(first.values()), repeated


def _check_plausible(file: Path, rows: Sequence[ForeignRow], unit: LatencyUnit | None) -> None:
    """Refuses a file whose convolutions are implausibly fast or slow: its unit is wrong."""
    speeds = [
        count / (row.latency.nanoseconds / 1e9)
        for row in rows
        if (count := ops.macs([row.operator])) >= _TELLING_MACS
    ]
    if not speeds:
        return
    middle = float(np.median(speeds))
    slowest, fastest = _PLAUSIBLE_MACS_PER_S
    if not slowest <= middle <= fastest:
        said = unit.value if unit else "the unit"
        raise BadFileError(
            f"{file}: in {said}, its convolutions would do {middle:.2g} multiplications a second, "
            "which no such device does: the unit is wrong"
        )


def _row(row: ForeignRow) -> OperatorRow:
    return OperatorRow(
        operator=row.operator,
        measurements=(Measurement(samples_ns=(row.latency.nanoseconds,)),),
    )


def _context(
    file: Path, format_name: str, found: ForeignTable, origin: TableOrigin
) -> TableContext:
    """The first line of the table, which also names what is not known."""
    unknown = ["samples", "cache state"]
    threads = _agree("threads", origin.threads, found.threads)
    mode = _agree("power mode", origin.power_mode, found.power_mode)
    if threads is None:
        unknown.append("threads (taken as 1)")
    if mode is None:
        unknown.append(f"power mode (taken as {PowerMode.HIGH.value})")
    if origin.library_version is None:
        unknown.append("version of Paddle-Lite")
    unit = found.unit.value if found.unit else _NOT_RECORDED
    source = origin.source or file.name
    return TableContext(
        device=origin.device,
        hardware=origin.hardware or found.hardware or _NOT_RECORDED,
        execution=Execution(
            target=origin.target, threads=threads or 1, power_mode=mode or PowerMode.HIGH
        ),
        library_version=origin.library_version or _NOT_RECORDED,
        runner=f"imported from {format_name}",
        created=now(),
        edgeslim=__version__,
        provenance=f"{source}; in {unit}; not recorded: {', '.join(unknown)}",
        convention=found.convention or _convention(found.rows),
    )


def _agree(what: str, asked: Value | None, said: Value | None) -> Value | None:
    """The value by the user or by the file, or None if neither has one.

    Raises:
        UsageError: They disagree.
    """
    if asked is not None and said is not None and asked != said:
        raise UsageError(f"the file says that the {what} is {said}, not {asked}")
    return said if asked is None else asked


def _convention(rows: Iterable[ForeignRow]) -> Convention:
    """The convention: bare convolutions if none has a bias or an activation."""
    dressed = any(
        "Bias" in row.operator.weights or "act_type" in row.operator.attributes for row in rows
    )
    return Convention.FUSED if dressed else Convention.BARE_CONVOLUTIONS
