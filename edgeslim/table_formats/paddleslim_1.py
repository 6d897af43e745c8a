"""PaddleSlim 1.x: ``conv 0 0 1 32 112 112 32 32 3 1 1 1 <latency>``, one operator a line.

Reference: PaddlePaddle/models at 9aefcdc84, ``PaddleSlim/docs/usage.md`` 2.4.5. Fields are
separated by spaces, the latency is the last, there is no header and no unit, which the user must
therefore give. The operators are those before any fusion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from edgeslim.errors import UsageError
from edgeslim.latency_rows import Convention, TableContext
from edgeslim.opspec import OpSpec
from edgeslim.table_formats._format import (
    ForeignRow,
    ForeignTable,
    ReadOptions,
    Refusal,
    RowRefusedError,
    TableFormat,
    WrittenTable,
    parse_latency,
    text_lines,
)
from edgeslim.table_formats._paddleslim_fields import fields_of, operator_of

__all__ = ["FORMAT"]


def _read(path: Path, content: bytes, options: ReadOptions) -> ForeignTable:
    unit = options.unit
    if unit is None:
        raise UsageError(f"nothing in {path} says the unit; give --unit ms or --unit us")
    rows, refused = [], []
    for number, line in text_lines(path, content):
        place = f"line {number}"
        *fields, latency = line.split()
        try:
            spec = operator_of(fields)
            parsed = parse_latency(latency, unit)
            rows.append(ForeignRow(place=place, operator=spec, latency=parsed))
        except RowRefusedError as error:
            refused.append(Refusal(place=place, reason=str(error)))
    return ForeignTable(
        rows=tuple(rows),
        refused=tuple(refused),
        unit=unit,
        convention=_convention(rows),
    )


def _convention(rows: Sequence[ForeignRow]) -> Convention:
    """Whole tables have norms as well; some tables have convolutions alone."""
    whole = any(row.operator.kind == "batch_norm" for row in rows)
    return Convention.UNFUSED if whole else Convention.BARE_CONVOLUTIONS


def _write(_context: TableContext, latencies_ns: Mapping[OpSpec, int]) -> WrittenTable:
    lines, operators, refused = [], [], []
    for spec, nanoseconds in latencies_ns.items():
        fields = fields_of(spec, activation_word=True)
        if fields is None:
            refused.append(Refusal(place=str(spec), reason="the format has no words for it"))
            continue
        operators.append(spec)
        lines.append(f"{' '.join(fields)} {nanoseconds / 1e6:.6f}\n")
    return WrittenTable(
        content="".join(lines).encode(),
        operators=tuple(operators),
        refused=tuple(refused),
        notes=("latencies are in milliseconds, which the format does not say",),
    )


FORMAT = TableFormat(
    summary="PaddleSlim 1.x: fields between spaces, no header, no unit",
    suffix=".txt",
    read=_read,
    write=_write,
)
