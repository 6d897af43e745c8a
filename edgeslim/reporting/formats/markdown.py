"""A report as Markdown, for a review or a wiki: tables and sentences, no charts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from edgeslim.reporting.charts import printable
from edgeslim.reporting.document import (
    Absent,
    Block,
    Commands,
    Fact,
    Items,
    NumberUnit,
    Picture,
    ReportDocument,
    Table,
    Text,
)
from edgeslim.reporting.formats._format import Format
from edgeslim.reporting.number_format import (
    format_in_column,
    format_value,
    latency_axis,
    numbers_of,
)

__all__ = ["FORMAT"]

_MOST_ROWS = 40
_SPACES = re.compile(r"[ \t\r\n\f\v]+")
"""White space at which a line may break; no-break spaces stay."""
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~!&])")
"""Characters that mean something in Markdown, or in HTML inside it."""


def _write(document: ReportDocument) -> str:
    return "\n".join(_lines(document)) + "\n"


def _lines(document: ReportDocument) -> Iterator[str]:
    yield f"# {_plain(document.title)}"
    yield ""
    heading = document.verdict.heading
    yield (f"**{_plain(heading)}.** " if heading else "") + _plain(document.verdict.sentence)
    yield ""
    yield "| | | how | interval | |"
    yield "|---|---:|---|---|---|"
    for fact in document.facts:
        yield f"| {' | '.join(_fact(fact))} |"
    for section in document.sections:
        yield ""
        yield f"## {_plain(section.title)}"
        for block in section.blocks:
            yield ""
            yield from _block(block)
    yield ""
    created = format_value(document.created, NumberUnit.MOMENT)
    yield f"Made {created} UTC by edgeslim {document.edgeslim}."


def _fact(fact: Fact) -> list[str]:
    interval = ""
    if fact.interval is not None:
        interval = format_value(fact.interval, fact.unit)
    origin = "" if fact.origin is None else fact.origin.value
    value = format_value(fact.value, fact.unit)
    return [_plain(text) for text in (fact.name, value, origin, interval, fact.note)]


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Text):
        yield _plain(block.text)
    elif isinstance(block, Items):
        if block.title:
            yield from (f"**{_plain(block.title)}**", "")
        yield from (f"- {_plain(item)}" for item in block.items)
    elif isinstance(block, Commands):
        if block.title:
            yield from (f"**{_plain(block.title)}**", "")
        fence = _fence(block)
        yield from (fence, *(_one_line(line) for line in block.lines), fence)
    elif isinstance(block, Picture):
        yield from (f"**{_plain(block.title)}**", "", _plain(block.says))
        if block.table is not None:
            yield ""
            yield from _table(block.table, titled=False)
    elif isinstance(block, Table):
        yield from _table(block)
    elif isinstance(block, Absent):
        yield _plain(block.what) + (f" `{_code(block.command)}` gives it." if block.command else "")


def _table(table: Table, *, titled: bool = True) -> Iterator[str]:
    if titled and table.title:
        yield from (f"**{_plain(table.title)}**", "")
    places = range(len(table.columns))
    factors, heads = [], []
    for place, column in enumerate(table.columns):
        of_latency = column.unit is NumberUnit.MS
        factor, unit = latency_axis(numbers_of(row[place] for row in table.rows if of_latency))
        factors.append(factor)
        heads.append(f"{column.name} ({unit})" if column.unit is NumberUnit.MS else column.name)
    yield f"| {' | '.join(map(_plain, heads))} |"
    yield f"|{'|'.join('---' if c.unit is NumberUnit.TEXT else '---:' for c in table.columns)}|"
    for row in table.rows[:_MOST_ROWS]:
        cells = [
            _plain(format_in_column(row[place], table.columns[place].unit, factors[place]))
            for place in places
        ]
        yield f"| {' | '.join(cells)} |"
    if len(table.rows) > _MOST_ROWS:
        yield ""
        yield f"and {len(table.rows) - _MOST_ROWS:,} more rows, which the JSON report has."


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", _one_line(text))


def _one_line(text: str) -> str:
    return _SPACES.sub(" ", printable(text)).strip(" ")


def _code(text: str) -> str:
    return _one_line(text).replace("`", "'")


def _fence(block: Commands) -> str:
    longest = max((len(run) for line in block.lines for run in re.findall("`+", line)), default=0)
    return "`" * max(3, longest + 1)


FORMAT = Format(suffix=".md", write=_write)
