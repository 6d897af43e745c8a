"""A report as a value: numbers with their units, tables, charts and sentences, in order.

Numbers stay numbers until a format writes them, so the page, the Markdown and the JSON say the
same. Every number says its unit, and where it is a latency, how it was got and how far it spreads.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, TypeVar

from edgeslim.reporting.charts import Chart

__all__ = [
    "Absent",
    "Block",
    "Cell",
    "Column",
    "Commands",
    "Fact",
    "Items",
    "NumberOrigin",
    "NumberUnit",
    "Picture",
    "RecordColumn",
    "ReportDocument",
    "ReportSection",
    "Table",
    "Text",
    "Verdict",
    "table_of",
]

Record = TypeVar("Record")

Cell = str | float | int | bool | tuple[float, float] | None
"""A value of a table; two numbers are an interval, None is an empty cell."""


class NumberUnit(str, Enum):
    """The unit of a number, which says how it is written."""

    TEXT = "text"
    MS = "ms"
    S = "s"
    SHARE = "share"
    """From 0 to 1, shown in percent."""
    CHANGE = "change"
    """A share with its sign: +0.05 is 5 % more."""
    RATIO = "ratio"
    BYTES = "bytes"
    COUNT = "count"
    NUMBER = "number"
    CELSIUS = "celsius"
    MHZ = "mhz"
    MOMENT = "moment"
    """Day and time, UTC."""


class NumberOrigin(str, Enum):
    """Where a number comes from; numbers of several origins are never mixed."""

    MEASURED = "measured"
    PREDICTED = "predicted"
    IMPORTED = "imported"
    RECORDED = "recorded"
    """Written down by an earlier step of the run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """A number of the summary.

    Args:
        key: Its name for programs.
        name: Its name for people.
        value: The number, or a text.
        unit: Unit of the number.
        origin: Where the number comes from; None where there is only one possibility.
        interval: Interval of the number, in the same unit.
        note: Number of samples, their spread, and how they were taken.
        good: Whether it is as it should be; None where no limit was given.
    """

    key: str
    name: str
    value: Cell
    unit: NumberUnit
    origin: NumberOrigin | None = None
    interval: tuple[float, float] | None = None
    note: str = ""
    good: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column of a table.

    Args:
        key: Its name for programs, with the unit.
        name: Its name for people, without it.
        unit: Unit of its numbers.
        bar: Whether its numbers are also drawn as bars.
    """

    key: str
    name: str
    unit: NumberUnit = NumberUnit.TEXT
    bar: bool = False


RecordColumn = tuple[str, str, str, Callable[[Record], Cell]]
"""A column of a table of records: its key for programs, with the unit; its name for people,
without it; the value of its `NumberUnit`; and what reads its cell from a record."""


def table_of(
    records: Iterable[Record],
    columns: Sequence[RecordColumn[Record]],
    *,
    title: str = "",
    folded: bool | int = False,
    marked: Collection[int] = (),
    bars: Collection[str] = (),
    drop_empty: bool = False,
) -> Table:
    """Makes a table with a row for each record.

    Args:
        records: What the rows are about, in order.
        columns: The columns, from left to right.
        title: What the table shows.
        folded: Whether the page shows it after a click only; a number: if it has more rows.
        marked: Indices of the rows that are highlighted.
        bars: Keys of the columns whose numbers are also drawn as bars.
        drop_empty: Whether columns without any value are left out.
    """
    listed = list(records)
    made: list[Column] = []
    cells: list[list[Cell]] = []
    for key, name, unit, get in columns:
        values = [get(record) for record in listed]
        if not drop_empty or any(value is not None for value in values):
            made.append(Column(key=key, name=name, unit=NumberUnit(unit), bar=key in bars))
            cells.append(values)
    return Table(
        columns=made,
        rows=list(zip(*cells, strict=True)),
        title=title,
        folded=folded if isinstance(folded, bool) else len(listed) > folded,
        marked=frozenset(marked),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table of numbers.

    Args:
        columns: Its columns, from left to right.
        rows: Its rows, each with a cell for every column.
        title: What the table shows.
        folded: Whether the page shows it after a click only.
        marked: Indices of the rows that are highlighted.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    title: str = ""
    folded: bool = False
    marked: frozenset[int] = frozenset()
    kind: ClassVar[str] = "table"


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A paragraph."""

    text: str
    kind: ClassVar[str] = "text"


@dataclass(frozen=True, kw_only=True, slots=True)
class Items:
    """Lines below each other."""

    items: Sequence[str]
    title: str = ""
    kind: ClassVar[str] = "items"


@dataclass(frozen=True, kw_only=True, slots=True)
class Commands:
    """Commands for a terminal.

    Args:
        lines: The commands, each quoted for a shell.
        title: What the commands do.
    """

    lines: Sequence[str]
    title: str = ""
    kind: ClassVar[str] = "commands"


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A chart, and the same in numbers.

    Args:
        title: Name of the chart.
        says: What the chart shows, in a sentence or two.
        chart: The chart as SVG.
        table: The numbers of the chart, if a table shows them.
    """

    title: str
    says: str
    chart: Chart
    table: Table | None = None
    kind: ClassVar[str] = "picture"


@dataclass(frozen=True, kw_only=True, slots=True)
class Absent:
    """A note that something is missing.

    Args:
        what: What is missing, and why.
        command: The command that would provide it.
    """

    what: str
    command: str = ""
    kind: ClassVar[str] = "absent"


Block = Table | Text | Items | Commands | Picture | Absent


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportSection:
    """A part of a report.

    Args:
        key: Its name for programs, and where links lead.
        title: Its name for people.
        blocks: Its contents, in order.
    """

    key: str
    title: str
    blocks: Sequence[Block]

    @property
    def is_absent(self) -> bool:
        """Whether it only says what is missing."""
        return all(isinstance(block, Absent) for block in self.blocks)


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The whole report in a sentence.

    Args:
        sentence: The most important results, with numbers.
        met: Whether all limits were met; None if there were none, or it is not known.
        headings: What stands above the sentence if they were met, and if not.
    """

    sentence: str
    met: bool | None = None
    headings: tuple[str, str] = ("Target met", "Target not met")

    @property
    def heading(self) -> str:
        """What stands above the sentence."""
        return "" if self.met is None else self.headings[0 if self.met else 1]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportDocument:
    """A report.

    Args:
        title: Name of the run that the report is about.
        kind: What kind of run that is.
        run: Folder of the run, as it was given.
        created: When the report was made, UTC.
        edgeslim: Version of edgeslim that made the report.
        verdict: The whole report in a sentence.
        facts: The numbers that matter most.
        sections: Everything else, in order.
    """

    title: str
    kind: str
    run: str
    created: str
    edgeslim: str
    verdict: Verdict
    facts: Sequence[Fact]
    sections: Sequence[ReportSection]
