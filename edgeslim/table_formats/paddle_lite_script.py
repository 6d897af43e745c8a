"""The output of Paddle-Lite's ``get_latency_lookup_table.py``.

Reference: ``lite/tests/benchmark`` of Paddle-Lite 2.8 and later. Three lines of header, then
operator, dimensions of input and output, attributes, least, largest and mean latency in
milliseconds, between tabs. The script and its programs have defects, which are handled so:

- The device's line lacks the power mode and is shifted by it. The shift is corrected.
- Output dimensions of convolutions are computed with a wrong sign. They are computed anew.
- The right padding is taken from the top one: that is what was measured, so that is imported.
- A value that a line of the input leaves out is that of the line before. The table has the
  values that were measured, so the rows are right; but they may not be what was asked for.
- Poolings are always measured as global ones (``argv`` is compared, not what it points to), so
  only global ones are imported.
- Only the first digit of a kernel is used. Kernels of other forms are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from edgeslim.counts import format_count
from edgeslim.errors import BadFileError, UsageError
from edgeslim.execution import PowerMode
from edgeslim.latency_rows import TableContext
from edgeslim.opspec import OpSpec
from edgeslim.table_formats._format import (
    ForeignRow,
    ForeignTable,
    LatencyUnit,
    ReadOptions,
    Refusal,
    RowRefusedError,
    TableFormat,
    WrittenTable,
    parse_latency,
    text_lines,
)
from edgeslim.table_formats._script_rows import ScriptRow, operator_of, row_of

__all__ = ["FORMAT"]

_COLUMNS = ("dev_info", "armv7/v8", "core_num", "thread_num", "power_mode")
_NAMES = ("op_name", "input_dims", "output_dims", "param_info")
_LATENCIES = tuple(f"{which}_latency(ms)" for which in ("min", "max", "avg"))
_LATENCY_COLUMN = re.compile(r"avg_latency\((\w+)\)\Z")


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.rstrip("\n").split("\t")]


def _read(path: Path, content: bytes, options: ReadOptions) -> ForeignTable:
    unit = options.unit
    lines = text_lines(path, content)
    if len(lines) < 3 or _cells(lines[0][1])[:1] != ["dev_info"]:
        raise BadFileError(f"{path} does not start with dev_info, the device, and op_name")
    _check_unit(path, lines[2], unit)
    notes: list[str] = []
    hardware, threads = _device(lines[0][1], lines[1][1], notes)
    rows, refused, parsed = [], [], []
    for number, line in lines[3:]:
        place = f"line {number}"
        try:
            row = ScriptRow.parse(_cells(line))
            parsed.append(row)
            latency = parse_latency(row.mean, LatencyUnit.MS)
            rows.append(ForeignRow(place=place, operator=operator_of(row), latency=latency))
        except RowRefusedError as error:
            refused.append(Refusal(place=place, reason=str(error)))
    return ForeignTable(
        rows=tuple(rows),
        refused=tuple(refused),
        notes=(*notes, *_defects(parsed)),
        unit=LatencyUnit.MS,
        hardware=hardware,
        threads=threads,
    )


def _check_unit(path: Path, numbered: tuple[int, str], unit: LatencyUnit | None) -> None:
    number, line = numbered
    last = _cells(line)[-1]
    found = _LATENCY_COLUMN.match(last)
    if found is None:
        raise BadFileError(f"{path}:{number}: the last column must be avg_latency, not {last!r}")
    if found[1] != LatencyUnit.MS.value:
        raise BadFileError(
            f"{path}:{number}: {found[1]!r} is not a unit of the script's; it has ms"
        )
    if unit not in {None, LatencyUnit.MS}:
        raise UsageError(f"{path}:{number}: the table is in ms, not in {unit.value}")


def _device(header: str, line: str, notes: list[str]) -> tuple[str, int | None]:
    """Hardware and threads; the power mode is ignored, since the script leaves it out."""
    cells = [cell for cell in _cells(line) if cell]
    named = [name for name in _cells(header) if name]
    if len(cells) < 4 or not (cells[2].isdigit() and cells[3].isdigit()):
        notes.append("the device's line cannot be read; its hardware and threads are not known")
        return (cells[0] if cells else ""), None
    name, architecture, cores, threads = cells[:4]
    if len(cells) == len(named) - 1 or len(cells) == 4 + int(cores):
        notes.append("the device's line lacks the power mode, and what follows it is shifted")
    return f"{name}, {architecture}, {cores} cores", int(threads) or None


def _defects(rows: list[ScriptRow]) -> list[str]:
    """Notes on known defects of rows, with their counts."""
    notes = []
    wrong_outputs = sum(row.has_wrong_output for row in rows)
    if wrong_outputs:
        notes.append(f"{wrong_outputs} output dimensions were wrong and are computed anew")
    wrong_padding = sum(row.has_wrong_padding for row in rows)
    if wrong_padding:
        notes.append(
            f"{wrong_padding} convolutions were timed with the top padding on the right, and are "
            "imported as such"
        )
    leaked = _count_leaked_values(rows)
    if leaked:
        notes.append(
            f"{format_count(leaked, 'row has', 'rows have')} a value that is not the default and "
            "is the same in the row before: it may have leaked from there; the rows are what was "
            "timed, and perhaps not what was asked for"
        )
    return notes


def _count_leaked_values(rows: list[ScriptRow]) -> int:
    before: dict[str, ScriptRow] = {}
    count = 0
    for row in rows:
        older = before.get(row.kind)
        count += older is not None and bool(row.unusual & older.unusual)
        before[row.kind] = row
    return count


def _write(context: TableContext, latencies_ns: Mapping[OpSpec, int]) -> WrittenTable:
    """Writes as the script does, but with right dimensions and the power mode in its place.

    The architecture and the number of cores are not known; they are ``unknown`` and 0.
    """
    modes = {mode: number for number, mode in enumerate(PowerMode)}
    execution = context.execution
    hardware = " ".join(context.hardware.split()) or context.device
    device = (hardware, "unknown", 0, execution.threads, modes[execution.power_mode])
    lines = ["\t".join(_COLUMNS)]
    lines += ["\t".join(map(str, device)), "\t".join((*_NAMES, *_LATENCIES))]
    operators, refused = [], []
    for spec, nanoseconds in latencies_ns.items():
        cells = row_of(spec)
        if cells is None:
            refused.append(Refusal(place=str(spec), reason="the format has no words for it"))
            continue
        operators.append(spec)
        lines.append("\t".join((*cells, *[f"{nanoseconds / 1e6:.6f}"] * len(_LATENCIES))))
    return WrittenTable(
        content=("\n".join(lines) + "\n").encode(),
        operators=tuple(operators),
        refused=tuple(refused),
    )


FORMAT = TableFormat(
    summary="Paddle-Lite's get_latency_lookup_table.py, with its defects put right",
    suffix=".txt",
    read=_read,
    write=_write,
)
