"""PaddleSlim 1.0 to 2.x: ``conv,0,0,1,3,640,640,8,1,3,1,2,1<TAB>2433`` under a header.

Reference: ``paddleslim/analysis/latency.py`` and ``docs/.../table_latency.md``. They
disagree: the document's header is ``hardware,engine,time`` between commas, the code wants
engine, device and time between tabs; the document leaves out the kind of an elementwise
operator, the code writes it; and the one table that was published (PaddleDetection's
``slim/nas/latency_855.txt``) has the unit where the time should be. All three headers are
read. A unit that the header does not say the user must; an elementwise operator of no kind
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
    Refusal,
    RowRefusedError,
    TableFormat,
    Unit,
    Written,
    parse_latency,
    text_lines,
)
from edgeslim.table_formats._paddleslim_fields import fields_of, operator_of

__all__ = ["FORMAT"]

_UNITS = {unit.value for unit in Unit}


def _read(path: Path, content: bytes, unit: Unit | None) -> ForeignTable:
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
        # The document names the hardware first, the code second; both keep it in one line.
        hardware=names[1] if "\t" in header else names[0],
        convention=Convention.BARE_CONVOLUTIONS,
    )


def _unit(place: str, third: str, asked: Unit | None) -> Unit:
    """The unit, from the header or from the user, who must not disagree."""
    if third in _UNITS:
        said = Unit(third)
        if asked not in {None, said}:
            raise UsageError(f"{place}: the table is in {said.value}, not in {asked.value}")
        return said
    if asked is None:
        raise BadFileError(
            f"{place}: {third!r} is no unit (us, ms); if it is the time of measuring, "
            "give --unit us or --unit ms"
        )
    return asked


def _row(place: str, line: str, unit: Unit) -> ForeignRow:
    key, tab, latency = line.strip().partition("\t")
    if not tab:
        raise RowRefusedError(f"{line.strip()[:40]!r} has no tab before its latency")
    fields = [field.strip() for field in key.split(",")]
    if fields[0] == "eltwise" and len(fields) == 5:
        raise RowRefusedError("eltwise without a kind, as PaddleSlim's document has it")
    return ForeignRow(
        place=place, operator=operator_of(fields), latency=parse_latency(latency.strip(), unit)
    )


def _write(context: TableContext, latencies_ns: Mapping[OpSpec, int]) -> Written:
    device = " ".join(context.device.replace(",", " ").split()) or "device"
    lines, operators, refused = [f"paddle-lite\t{device}\tus\n"], [], []
    for spec, nanoseconds in latencies_ns.items():
        fields = fields_of(spec, activation_word=False)
        if fields is None:
            refused.append(Refusal(place=str(spec), reason="the format has no words for it"))
            continue
        operators.append(spec)
        lines.append(f"{','.join(fields)}\t{nanoseconds / 1e3:.3f}\n")
    return Written(
        content="".join(lines).encode(), operators=tuple(operators), refused=tuple(refused)
    )


FORMAT = TableFormat(
    summary="PaddleSlim 2.x: fields between commas, a tab, the latency; the header has the unit",
    suffix=".txt",
    read=_read,
    write=_write,
)
