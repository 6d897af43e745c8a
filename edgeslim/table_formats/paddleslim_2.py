"""PaddleSlim 1.0 to 2.x: ``conv,0,0,1,3,640,640,8,1,3,1,2,1<TAB>2433`` under a header.

Reference: ``paddleslim/analysis/latency.py`` and ``docs/.../table_latency.md``. They
disagree: the document's header is ``hardware,engine,time`` with commas, the code expects
engine, device and time with tabs; the document leaves out the kind of an elementwise
operator, the code writes it; and the one table that was published (PaddleDetection's
``slim/nas/latency_855.txt``) has the unit in place of the time. All three headers are
read. If the header has no unit, the user must give it; an elementwise operator without its kind
is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgeslim.errors import BadFileError, UsageError
from edgeslim.latency_rows import Convention, TableContext
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
from edgeslim.table_formats._paddleslim_fields import fields_of, operator_of

__all__ = ["FORMAT"]

_UNITS = {LatencyUnit.US.value, LatencyUnit.MS.value}


def _read(path: Path, content: bytes, options: ReadOptions) -> ForeignTable:
    unit = options.unit
    (number, header), *lines = text_lines(path, content)
    names = [part.strip() for part in header.split("\t" if "\t" in header else ",")]
    if len(names) != 3 or not all(names):
        raise BadFileError(
            f"{path}:{number}: the first line must be engine, device, and time or unit; "
            f"{header.strip()[:60]!r} is not"
        )
    found = _unit(f"{path}:{number}", names[2], unit)
    rows, refused = [], []
    for number, line in lines:
        place = f"line {number}"
        try:
            rows.append(_row(place, line, found))
        except RowRefusedError as error:
            refused.append(Refusal(place=place, reason=str(error)))
    return ForeignTable(
        rows=tuple(rows),
        refused=tuple(refused),
        unit=found,
        # The document has the hardware first, the code second.
        hardware=names[1] if "\t" in header else names[0],
        convention=Convention.BARE_CONVOLUTIONS,
    )


def _unit(place: str, third: str, asked: LatencyUnit | None) -> LatencyUnit:
    """The unit, from the header or from the user, which must agree."""
    if third in _UNITS:
        said = LatencyUnit(third)
        if asked not in {None, said}:
            raise UsageError(f"{place}: the table is in {said.value}, not in {asked.value}")
        return said
    if asked is None:
        raise BadFileError(
            f"{place}: {third!r} is not a unit (us, ms); if it is the time of measuring, "
            "give --unit us or --unit ms"
        )
    return asked


def _row(place: str, line: str, unit: LatencyUnit) -> ForeignRow:
    key, tab, latency = line.strip().partition("\t")
    if not tab:
        raise RowRefusedError(f"{line.strip()[:40]!r} has no tab before its latency")
    fields = [field.strip() for field in key.split(",")]
    if fields[0] == "eltwise" and len(fields) == 5:
        raise RowRefusedError("eltwise without a kind, as PaddleSlim's document has it")
    return ForeignRow(
        place=place, operator=operator_of(fields), latency=parse_latency(latency.strip(), unit)
    )


def _write(context: TableContext, latencies_ns: Mapping[OpSpec, int]) -> WrittenTable:
    device = " ".join(context.device.replace(",", " ").split()) or "device"
    lines, operators, refused = [f"paddle-lite\t{device}\tus\n"], [], []
    for spec, nanoseconds in latencies_ns.items():
        fields = fields_of(spec, activation_word=False)
        if fields is None:
            refused.append(Refusal(place=str(spec), reason="the format has no words for it"))
            continue
        operators.append(spec)
        lines.append(f"{','.join(fields)}\t{nanoseconds / 1e3:.3f}\n")
    return WrittenTable(
        content="".join(lines).encode(), operators=tuple(operators), refused=tuple(refused)
    )


FORMAT = TableFormat(
    summary="PaddleSlim 2.x: fields between commas, a tab, the latency; the header has the unit",
    suffix=".txt",
    read=_read,
    write=_write,
)
