"""A report as a value: numbers with their units, tables, charts and sentences, in order.

Numbers stay numbers until a format writes them, so the page, the Markdown and the JSON say the
same. Every number says its unit, and where it is a latency, how it was got and how far it spreads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from edgeslim.reporting.charts import Drawn

__all__ = [
    "Absent",
    "Block",
    "Cell",
    "Column",
    "Commands",
    "Document",
    "Fact",
    "Items",
    "Origin",
    "Picture",
    "Section",
    "Table",
    "Text",
    "Unit",
    "Verdict",
]

Cell = str | float | int | bool | tuple[float, float] | None
"""What a table has in a place; two numbers are an interval, None is nothing."""


class Unit(str, Enum):
    """What a number counts."""

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


class Origin(str, Enum):
    """How a number was got; these are never mixed."""

    MEASURED = "measured"
    PREDICTED = "predicted"
    SIMULATED = "simulated"
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
        unit: Of the number.
        origin: How it was got; None where that is no question.
        interval: Where it may be.
        note: Count, spread, and how it was taken.
        good: Whether it is as it should be; None where nothing was asked for.
    """

    key: str
    name: str
    value: Cell
    unit: Unit
    origin: Origin | None = None
    interval: tuple[float, float] | None = None
    note: str = ""
    good: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column of a table.

    Args:
        key: Its name for programs, with the unit.
        name: Its name for people, without it.
        unit: Of its numbers.
        bar: Whether its numbers are drawn as bars too.
    """

    key: str
    name: str
    unit: Unit = Unit.TEXT
    bar: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Rows of numbers.

    Args:
        columns: What is in them.
        rows: A cell for each column.
        title: What they are of.
        folded: Whether it takes a click to see it.
        marked: Numbers of rows that stand out.
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
    """Commands to be typed.

    Args:
        lines: One command each, quoted for a shell.
        title: What they do.
    """

    lines: Sequence[str]
    title: str = ""
    kind: ClassVar[str] = "commands"


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A chart, and the same in numbers.

    Args:
        title: Its name.
        says: What is to be seen, in a sentence or two.
        chart: The chart.
        table: Its numbers.
    """

    title: str
    says: str
    chart: Drawn
    table: Table | None = None
    kind: ClassVar[str] = "picture"


@dataclass(frozen=True, kw_only=True, slots=True)
class Absent:
    """Something that is not there.

    Args:
        what: What is not there, and why.
        command: What would give it.
    """

    what: str
    command: str = ""
    kind: ClassVar[str] = "absent"


Block = Table | Text | Items | Commands | Picture | Absent


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A part of a report.

    Args:
        key: Its name for programs, and where links lead.
        title: Its name for people.
        blocks: What is in it.
    """

    key: str
    title: str
    blocks: Sequence[Block]

    @property
    def is_absent(self) -> bool:
        """Whether all it says is what is not there."""
        return all(isinstance(each, Absent) for each in self.blocks)


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The whole report in a sentence.

    Args:
        sentence: The sentence.
        met: Whether it is as it should be; None if nothing was asked for, or nobody knows.
        headings: What is said above the sentence if it is, and if it is not.
    """

    sentence: str
    met: bool | None = None
    headings: tuple[str, str] = ("Target met", "Target not met")

    @property
    def heading(self) -> str:
        """What is said above the sentence."""
        return "" if self.met is None else self.headings[0 if self.met else 1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A report.

    Args:
        title: What it is of.
        kind: What kind of run that is.
        run: Its folder, as it was given.
        created: When the report was made, UTC.
        edgeslim: Version that made it.
        verdict: All of it in a sentence.
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
    sections: Sequence[Section]
