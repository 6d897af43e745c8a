"""A report as one page: no other file, no network, readable and printable without scripts.

Names of models, devices and files are anybody's text. They come into the page through a template
that escapes whatever it is given, and into charts through `edgeslim.reporting.charts._svg`; the
page's script has no data in it. Should all of that fail, the page's content policy allows the one
script and the one style that are named there by their checksums, and nothing else: no address, no
handler in an attribute, no second script.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from edgeslim.reporting.charts import definitions, printable
from edgeslim.reporting.document import Cell, Column, Fact, NumberUnit, ReportDocument, Table
from edgeslim.reporting.formats._format import Format
from edgeslim.reporting.number_format import (
    format_in_column,
    format_value,
    latency_axis,
    numbers_of,
)

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["FORMAT"]


@dataclass(frozen=True, kw_only=True, slots=True)
class _FormattedCell:
    """A cell as it is written, and the number that it is sorted by."""

    text: str
    sort: str
    number: bool
    share: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _FormattedTable:
    """A table as it is written."""

    table: Table
    heads: Sequence[tuple[Column, str]]
    rows: Sequence[Sequence[_FormattedCell]]


class _Static:
    """The page's own style or script, which must not be escaped."""

    def __init__(self, name: str) -> None:
        folder = resources.files("edgeslim.reporting") / "templates"
        self._text = (folder / name).read_text("utf-8").strip()

    def __html__(self) -> str:
        return self._text

    @property
    def policy(self) -> str:
        """Its checksum, in the form that a content security policy wants."""
        digest = hashlib.sha256(self._text.encode()).digest()
        return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("edgeslim.reporting", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_replace_unprintable,
    )
    environment.filters["fact"] = lambda fact: format_value(fact.value, fact.unit)
    environment.filters["interval"] = _interval
    environment.filters["format_table"] = _format_table
    environment.filters["moment"] = lambda text: format_value(text, NumberUnit.MOMENT)
    return environment.get_template("report.html.jinja")


def _replace_unprintable(value: object) -> object:
    """Replaces the characters of a text that no document can hold."""
    return printable(value) if type(value) is str else value


def _write(document: ReportDocument) -> str:
    style, script = _Static("report.css"), _Static("report.js")
    return _template().render(
        document=document, style=style, script=script, definitions=definitions()
    )


def _interval(fact: Fact) -> str:
    return "" if fact.interval is None else format_value(fact.interval, fact.unit)


def _format_table(table: Table) -> _FormattedTable:
    columns = list(zip(*table.rows, strict=True)) if table.rows else [()] * len(table.columns)
    heads, formatted_columns = [], []
    for column, values in zip(table.columns, columns, strict=True):
        numbers = numbers_of(values)
        factor, unit = latency_axis(numbers if column.unit is NumberUnit.MS else ())
        heads.append(
            (column, f"{column.name} ({unit})" if column.unit is NumberUnit.MS else column.name)
        )
        largest = max(numbers, default=0.0) if column.bar else 0.0
        formatted_columns.append([_cell(value, column, factor, largest) for value in values])
    return _FormattedTable(
        table=table, heads=heads, rows=list(zip(*formatted_columns, strict=True))
    )


def _cell(value: Cell, column: Column, factor: float, largest: float) -> _FormattedCell:
    number = column.unit not in {NumberUnit.TEXT, NumberUnit.MOMENT}
    (known,) = numbers_of([value])[:1] or (None,)
    return _FormattedCell(
        text=format_in_column(value, column.unit, factor),
        sort="" if known is None else f"{known:.6g}",
        number=number,
        share=known / largest if known is not None and largest else None,
    )


FORMAT = Format(suffix=".html", write=_write)
