"""Tables of text that fit a terminal: long cells are wrapped, and columns too many follow below."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

__all__ = ["format_table"]

_GAP = 2
"""Spaces between two columns."""

_HEADER = 2
"""Characters that tabulate makes a column wider than its header."""

_NARROWEST = 14
"""Characters below which no column is wrapped: numbers with their unit stay on one line."""

_LONGEST_WORD = 28
"""Characters up to which a word, such as the name of a layer, is not broken."""


def format_table(
    headers: Sequence[str], rows: Iterable[Sequence[Any]], width: int | None = None
) -> str:
    """Writes a table as text without losing a cell.

    Args:
        headers: Header of each column, the most important first.
        rows: Cells of each row; numbers come as text with their unit.
        width: Characters that a line may have. Cells are wrapped to fit; columns that do not fit
            even so follow in further tables below, each beginning with the first column. None
            leaves every row on one line.
    """
    table = [list(headers), *(["" if cell is None else str(cell) for cell in row] for row in rows)]
    count = max(map(len, table))
    table = [row + [""] * (count - len(row)) for row in table]
    if width is None or not count:
        return _format_rows(table)
    columns = [_column([row[number] for row in table], width) for number in range(count)]
    return "\n\n".join(
        _format_block(table, columns, block, width) for block in _blocks(columns, width)
    )


class _Column(NamedTuple):
    """Characters that a column takes: without wrapping, and at least."""

    whole: int
    narrowest: int

    def within(self, cap: int) -> int:
        """Characters that it takes where cells are wrapped to so many if they can be."""
        return min(self.whole, max(cap, self.narrowest))


def _column(cells: Sequence[str], width: int) -> _Column:
    """Measures a column; a line of the table must have room for it and the first."""
    whole = max(len(cells[0]) + _HEADER, *(_text_width(cell) for cell in cells))
    word = max((len(word) for cell in cells for word in cell.split()), default=0)
    longest = min(_LONGEST_WORD, (width - _GAP) // 2)
    return _Column(whole, min(whole, max(_NARROWEST, min(word, longest))))


def _text_width(cell: str) -> int:
    """Characters of the longest line of a cell."""
    return max(map(len, cell.split("\n")))


def _total(columns: Sequence[_Column], cap: int) -> int:
    """Characters of a line whose cells are wrapped to so many characters if they can be."""
    return sum(column.within(cap) for column in columns) + _GAP * (len(columns) - 1)


def _blocks(columns: Sequence[_Column], width: int) -> list[list[int]]:
    """Columns of each table below the other, by their numbers; the first column is in all."""
    blocks = [[0]]
    for number in range(1, len(columns)):
        wider = [columns[member] for member in (*blocks[-1], number)]
        if len(blocks[-1]) > 1 and _total(wider, 0) > width:
            blocks.append([0])
        blocks[-1].append(number)
    return blocks


def _format_block(
    table: list[list[str]], columns: Sequence[_Column], block: list[int], width: int
) -> str:
    """Writes some columns of a table, wrapped as little as a line of so many characters allows."""
    chosen = [columns[number] for number in block]
    caps = range(max(column.whole for column in chosen), 0, -1)
    cap = next((cap for cap in caps if _total(chosen, cap) <= width), 0)
    headers = [column.within(cap) - _HEADER for column in chosen]
    cells = [column.within(cap) for column in chosen]
    return _format_rows(
        [
            [
                "\n".join(_lines(row[number], most))
                for number, most in zip(block, most_of, strict=True)
            ]
            for row, most_of in zip(table, [headers, *[cells] * (len(table) - 1)], strict=True)
        ]
    )


def _lines(cell: str, cap: int) -> list[str]:
    """Lines of a cell, broken between words where there are any."""
    lines = (
        textwrap.wrap(line, cap, break_on_hyphens=False) or [""] if len(line) > cap else [line]
        for line in cell.split("\n")
    )
    return [line for broken in lines for line in broken]


def _format_rows(table: list[list[str]]) -> str:
    from tabulate import tabulate

    return tabulate(table[1:], headers=table[0], disable_numparse=True)
