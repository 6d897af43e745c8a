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
from edgeslim.reporting.document import Cell, Column, Document, Fact, Table, Unit
from edgeslim.reporting.formats._format import Format
from edgeslim.reporting.numbers import latency_axis, numbers_of, shown, shown_in_column

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["FORMAT"]


@dataclass(frozen=True, kw_only=True, slots=True)
class _ShownCell:
    """A cell as it is written, and what it is sorted by."""

    text: str
    sort: str
    number: bool
    share: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _ShownTable:
    """A table as it is written."""

    table: Table
    heads: Sequence[tuple[Column, str]]
    rows: Sequence[Sequence[_ShownCell]]


class _Static:
    """The page's own style and script, which are not to be escaped."""

    def __init__(self, name: str) -> None:
        folder = resources.files("edgeslim.reporting") / "templates"
        self._text = (folder / name).read_text("utf-8").strip()

    def __html__(self) -> str:
        return self._text

    @property
    def policy(self) -> str:
        """Its checksum, as a content policy names it."""
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
        finalize=_finalized,
    )
    environment.filters["fact"] = lambda fact: shown(fact.value, fact.unit)
    environment.filters["interval"] = _interval
    environment.filters["shown_table"] = _shown_table
    environment.filters["moment"] = lambda text: shown(text, Unit.MOMENT)
    return environment.get_template("report.html.jinja")


def _finalized(value: object) -> object:
    """Texts without what no document can hold."""
    return printable(value) if type(value) is str else value


def _write(document: Document) -> str:
    style, script = _Static("report.css"), _Static("report.js")
    return _template().render(
        document=document, style=style, script=script, definitions=definitions()
    )


def _interval(fact: Fact) -> str:
    return "" if fact.interval is None else shown(fact.interval, fact.unit)


def _shown_table(table: Table) -> _ShownTable:
    columns = list(zip(*table.rows, strict=True)) if table.rows else [()] * len(table.columns)
    heads, shown_columns = [], []
    for column, values in zip(table.columns, columns, strict=True):
        numbers = numbers_of(values)
        factor, unit = latency_axis(numbers if column.unit is Unit.MS else ())
        heads.append((column, f"{column.name} ({unit})" if column.unit is Unit.MS else column.name))
        largest = max(numbers, default=0.0) if column.bar else 0.0
        shown_columns.append([_cell(each, column, factor, largest) for each in values])
    return _ShownTable(table=table, heads=heads, rows=list(zip(*shown_columns, strict=True)))


def _cell(value: Cell, column: Column, factor: float, largest: float) -> _ShownCell:
    number = column.unit not in {Unit.TEXT, Unit.MOMENT}
    (known,) = numbers_of([value])[:1] or (None,)
    return _ShownCell(
        text=shown_in_column(value, column.unit, factor),
        sort="" if known is None else f"{known:.6g}",
        number=number,
        share=known / largest if known is not None and largest else None,
    )


FORMAT = Format(suffix=".html", write=_write)
