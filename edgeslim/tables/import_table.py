"""The whole of ``edgeslim table import``: timings of others as a table of edgeslim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, TypeVar

import numpy as np

from edgeslim import ops
from edgeslim.counts import format_count
from edgeslim.durations import now
from edgeslim.errors import BadFileError, UsageError
from edgeslim.execution import Execution, PowerMode, Precision
from edgeslim.files import read_bytes, write_bytes
from edgeslim.latency_rows import Convention, OperatorRow, Row, TableContext, encode_row
from edgeslim.options import ARGUMENT, OPTION, OptionsOf, called_with, parse_paths
from edgeslim.table_formats import (
    FORMATS,
    ForeignNetwork,
    ForeignRow,
    ForeignTable,
    LatencyUnit,
    ReadOptions,
    Refusal,
    TableFormat,
)
from edgeslim.tables._import_target import Fusion, ImportTarget, resolve_target
from edgeslim.tables._merge_rows import Placed, merge_networks, merge_operators
from edgeslim.tables._network_times import with_network_times
from edgeslim.version import __version__

__all__ = ["Fusion", "ImportRequest", "ImportedTable", "TableOrigin", "import_table"]

Value = TypeVar("Value")

_NOT_RECORDED = "not recorded"
_PLAUSIBLE_MACS_PER_S = {"arm": (3e7, 3e11), "x86": (3e7, 3e13)}
"""Speed of convolutions on any phone or board, and on any server's processor; a table outside of
it has a wrong unit."""
_PLAUSIBLE_ELSEWHERE = (1e6, 1e15)
"""The same from a microcontroller to a server's GPU."""
_TELLING_MACS = 1_000_000
"""Smaller convolutions may be slow for other reasons, and are not checked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TableOrigin:
    """Facts about a table that the user knows and its file may omit; None is unknown."""

    device: Annotated[str, OPTION]
    """Name of the device it was measured on."""
    models: Annotated[tuple[Path, ...], OPTION("--model")] = ()
    """Model of each profile, in their order, if the profile needs it."""
    network_times: Annotated[Path | None, OPTION] = None
    """CSV or JSON Lines with name, time and unit of networks that were measured without the
    profiler, in place of those in the profiles."""
    hardware: Annotated[str | None, OPTION] = None
    """What the device is."""
    target: Annotated[str, OPTION] = ""
    """Kernels it was measured on: arm or x86 for Paddle-Lite's, or any word: gpu, npu, ncnn. The
    format may say it; otherwise arm."""
    fusion: Annotated[Fusion | None, OPTION] = None
    """Whose fusion is nearest, for a target that is not Paddle-Lite's."""
    precision: Annotated[Precision, OPTION] = Precision.FP32
    """Numbers that it computed in."""
    threads: Annotated[int | None, OPTION] = None
    """Threads it was measured with, if the file does not say."""
    power_mode: Annotated[PowerMode | None, OPTION] = None
    """Cores it was measured on, if the file does not say."""
    library_version: Annotated[str | None, OPTION] = None
    """Version of Paddle-Lite, or name and version of the runtime."""
    unit: Annotated[LatencyUnit | None, OPTION] = None
    """Unit of its latencies, if the file does not say."""
    source: Annotated[str | None, OPTION] = None
    """Where the file comes from: project, file, licence."""

    def __post_init__(self) -> None:
        if not self.device:
            raise UsageError("a table needs the name of its device")
        if self.threads is not None and self.threads < 1:
            raise UsageError(f"threads must be at least 1, not {self.threads}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportRequest:
    """What can be asked of `import_table`."""

    files: Annotated[Path | Sequence[Path], ARGUMENT(parse_all=parse_paths)] = field(kw_only=False)
    """Files of one device, which become one table."""
    format_name: Annotated[str, OPTION("--format", members=FORMATS.names)] = field(kw_only=False)
    """The other format."""
    out: Annotated[Path, OPTION] = field(kw_only=False)
    """Where to write the table."""
    origin: Annotated[TableOrigin, OptionsOf(TableOrigin)]
    """Facts about the files that the user knows."""

    @property
    def paths(self) -> list[Path]:
        """The files, also if there is only one."""
        return [self.files] if isinstance(self.files, Path) else list(self.files)


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedTable:
    """An imported table.

    Args:
        table: File of the new table.
        context: First line of the new table.
        operators: How many operators it has.
        networks: How many whole networks it has.
        refused: Rows of the files that are not in it, and why.
        notes: Known defects of the files, and how they were corrected.
    """

    table: Path
    context: TableContext
    operators: int
    networks: int
    refused: tuple[Refusal, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _ReadFile:
    """A file, and what was read of it."""

    path: Path
    table: ForeignTable


@called_with(ImportRequest)
def import_table(request: ImportRequest) -> ImportedTable:
    """Reads timings in another format and writes them as a table, whole or not at all.

    Where only a latency is known, it becomes a measurement with one sample.

    Raises:
        UnknownNameError: There is no such format.
        UsageError: The user and a file disagree, neither has the unit, nothing says how
            networks are fused, or there is a file at ``out``.
        BadFileError: A file is not of the format, none of its rows can be imported, rows
            contradict each other, or its numbers are implausible in its unit.
    """
    chosen, origin = FORMATS.get(request.format_name), request.origin
    if request.out.exists():
        raise UsageError(f"{request.out} is there already; give another --out")
    target = resolve_target(origin.target, origin.fusion, chosen)
    read = _read_files(request, chosen)
    placed = _place(read)
    if not placed:
        refusals = [refusal for found in read for refusal in found.table.refused]
        first = f"; {refusals[0]}" if refusals else ""
        names = ", ".join(map(str, request.paths))
        raise BadFileError(f"nothing in {names} can be imported as {request.format_name}{first}")
    merged = merge_operators(placed, chosen.repeats_agree_within)
    networks = list(merge_networks(placed, merged.rows, chosen.repeats_agree_within))
    for found in read:
        _check_plausible(found, target)
    context = _context(read, target, request)
    rows: list[Row] = [context, *merged.rows, *networks]
    write_bytes(request.out, b"\n".join(encode_row(row) for row in rows) + b"\n")
    return ImportedTable(
        table=request.out,
        context=context,
        operators=len(merged.rows),
        networks=len({network.name for network in networks}),
        refused=tuple(refusal for found in read for refusal in _refusals(found, len(read))),
        notes=(
            *dict.fromkeys(note for found in read for note in found.table.notes),
            *_repeated_notes(merged.repeated, chosen),
            *_other_notes(placed),
            *(_unfused_notes(context, merged.rows) if chosen.repeats_agree_within else []),
        ),
    )


def _read_files(request: ImportRequest, chosen: TableFormat) -> list[_ReadFile]:
    paths, origin = request.paths, request.origin
    if origin.models and len(origin.models) != len(paths):
        raise UsageError(
            f"{len(paths)} profiles need as many models, in the same order, and not "
            f"{len(origin.models)}; give --model once for each"
        )
    tables = [
        chosen.read(path, read_bytes(path), ReadOptions(unit=origin.unit, model=model))
        for path, model in zip_longest(paths, origin.models)
    ]
    if origin.network_times is not None:
        tables = with_network_times(tables, origin.network_times, origin.unit)
    return [_ReadFile(path=path, table=table) for path, table in zip(paths, tables, strict=True)]


def _place(read: Sequence[_ReadFile]) -> list[Placed]:
    """All operators and networks, with places that name the file where there are several."""
    found = []
    for file in read:
        rows: list[ForeignRow | ForeignNetwork] = [*file.table.rows, *file.table.networks]
        for row in rows:
            place = f"{file.path}: {row.place}"
            found.append(
                Placed(
                    place=place,
                    short=place if len(read) > 1 else row.place,
                    row=row if isinstance(row, ForeignRow) else None,
                    network=row if isinstance(row, ForeignNetwork) else None,
                )
            )
    return found


def _refusals(found: _ReadFile, files: int) -> Iterable[Refusal]:
    for refusal in found.table.refused:
        place = f"{found.path}: {refusal.place}" if files > 1 else refusal.place
        yield Refusal(place=place, reason=refusal.reason)


def _repeated_notes(repeated: int, chosen: TableFormat) -> list[str]:
    if not repeated:
        return []
    if chosen.repeats_agree_within:
        what = ("row repeats another, and is", "rows repeat another, and are")
        return [f"{format_count(repeated, *what)} pooled with it"]
    what = ("row repeats another and agrees", "rows repeat another and agree")
    return [f"{format_count(repeated, *what)} with it"]


def _other_notes(placed: Iterable[Placed]) -> list[str]:
    """Texts on networks of which some operators have no counterpart."""
    notes = []
    for found in placed:
        network = found.network
        if network is not None and network.others:
            others = ", ".join(f"{count} {name}" for name, count in network.others.items())
            notes.append(
                f"the time of {network.name} has operators without a counterpart in it ({others}); "
                "predictions have them by the fit only"
            )
    return notes


def _unfused_notes(context: TableContext, rows: Iterable[OperatorRow]) -> list[str]:
    """A text where operators look as they are before any fusion, and the table says otherwise."""
    kinds = Counter(row.operator.kind for row in rows)
    if context.convention is not Convention.FUSED or not kinds["batch_norm"]:
        return []
    count = kinds["batch_norm"]
    text = f"{count} rows are batch norms; if these operators are as they are before any fusion, "
    return [text + "import them with --fusion none"]


def _check_plausible(found: _ReadFile, target: ImportTarget) -> None:
    """Refuses a file whose convolutions are implausibly fast or slow: its unit is wrong."""
    speeds = [
        count / (row.latency.nanoseconds / 1e9)
        for row in found.table.rows
        if (count := ops.macs([row.operator])) >= _TELLING_MACS
    ]
    if not speeds:
        return
    middle = float(np.median(speeds))
    slowest, fastest = _PLAUSIBLE_ELSEWHERE
    if not target.foreign:
        slowest, fastest = _PLAUSIBLE_MACS_PER_S[target.target.value]
    unit = found.table.unit
    if not slowest <= middle <= fastest:
        said = unit.value if unit else "the unit"
        better = [
            other.value
            for other in LatencyUnit
            if unit and slowest <= middle * unit.nanoseconds / other.nanoseconds <= fastest
        ]
        meant = f"; in {' or '.join(better)} it would be right" if better else ""
        raise BadFileError(
            f"{found.path}: in {said}, its convolutions would do {middle:.2g} multiplications a "
            f"second, which no such device does: the unit is wrong{meant}"
        )


def _context(
    read: Sequence[_ReadFile], target: ImportTarget, request: ImportRequest
) -> TableContext:
    """The first line of the table, which also names what is not known."""
    origin = request.origin
    unknown = [] if _has_samples(read) else ["samples"]
    unknown.append("cache state")
    tables = [found.table for found in read]
    threads, mode = origin.threads, origin.power_mode
    for table in tables:
        threads = _agree("threads", threads, table.threads)
        mode = _agree("power mode", mode, table.power_mode)
    if threads is None:
        unknown.append("threads (taken as 1)")
    if mode is None and not target.foreign:
        unknown.append(f"power mode (taken as {PowerMode.HIGH.value})")
    version = origin.library_version or tables[0].library_version
    if not version:
        unknown.append("version of the runtime" if target.foreign else "version of Paddle-Lite")
    units = {table.unit.value if table.unit else table.units or _NOT_RECORDED for table in tables}
    source = origin.source or ", ".join(found.path.name for found in read)
    return TableContext(
        device=origin.device,
        hardware=origin.hardware or tables[0].hardware or _NOT_RECORDED,
        execution=Execution(
            target=target.target,
            precision=origin.precision,
            threads=threads or 1,
            power_mode=mode or (PowerMode.NO_BIND if target.foreign else PowerMode.HIGH),
        ),
        library_version=version or _NOT_RECORDED,
        runner=f"imported from {request.format_name}",
        created=now(),
        edgeslim=__version__,
        provenance=f"{source}; in {', '.join(sorted(units))}; not recorded: {', '.join(unknown)}",
        convention=target.convention or _common_convention(read),
        foreign_target=target.foreign,
    )


def _has_samples(read: Sequence[_ReadFile]) -> bool:
    return any(
        len(row.full_measurement.samples_ns) > 1 for found in read for row in found.table.rows
    )


def _agree(what: str, asked: Value | None, said: Value | None) -> Value | None:
    """The value by the user or by the file, or None if neither has one.

    Raises:
        UsageError: They disagree.
    """
    if asked is not None and said is not None and asked != said:
        raise UsageError(f"the file says that the {what} is {said}, not {asked}")
    return said if asked is None else asked


def _common_convention(read: Sequence[_ReadFile]) -> Convention:
    """The convention of all files.

    Raises:
        BadFileError: They differ.
    """
    first, *others = read
    convention = _convention(first.table)
    for other in others:
        if _convention(other.table) is not convention:
            raise BadFileError(
                f"{other.path}: its operators are {_convention(other.table)}, and those of "
                f"{first.path} {convention}; import each into a table of its own"
            )
    return convention


def _convention(table: ForeignTable) -> Convention:
    """The convention: bare convolutions if none has a bias or an activation."""
    dressed = any(
        "Bias" in row.operator.weights or "act_type" in row.operator.attributes
        for row in table.rows
    )
    return table.convention or (Convention.FUSED if dressed else Convention.BARE_CONVOLUTIONS)
