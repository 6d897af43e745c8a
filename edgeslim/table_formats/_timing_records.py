"""The records of a file of timings: rows of a CSV, or lines of JSON, by the same names."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import msgspec

from edgeslim.errors import BadFileError
from edgeslim.table_formats._format import text_lines

__all__ = ["COLUMNS", "TimingRecord", "read_records"]

COLUMNS = (
    *("row", "name", "kind", "inputs", "weights", "outputs", "attributes", "kernel"),
    *("time", "unit", "spread", "count", "operators"),
)
"""All columns of a CSV, which are the keys of a line of JSON too."""

_NEEDED = ("row", "name", "kind", "inputs", "outputs", "time")
"""Columns that a CSV cannot be without; JSON leaves out what a line does not have."""

_DELIMITERS = (",", ";", "\t")
_DIGITS = re.compile(r"[0-9]+\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class TimingRecord:
    """One row of a file of timings.

    Args:
        place: File and line, for messages: ``times.csv:7``.
        line: Line of the file, from 1.
        fields: Values that are not empty, by column: texts of a CSV, or values of JSON.
    """

    place: str
    line: int
    fields: Mapping[str, object]

    def text(self, column: str) -> str:
        """A value as text; empty if there is none.

        Raises:
            BadFileError: It is not a text.
        """
        value = self.fields.get(column, "")
        if not isinstance(value, str):
            raise BadFileError(f"{self.place}: {column!r} must be a text, not {value!r}")
        return value.strip()


def read_records(
    path: Path, content: bytes, needed: Sequence[str] = _NEEDED
) -> tuple[list[TimingRecord], list[str]]:
    """The records of a file, and notes on columns that are not read.

    Blank lines, and lines that begin with ``#``, are left out.

    Args:
        path: File that is read, for messages.
        content: Bytes of the file.
        needed: Columns that a CSV must have.

    Raises:
        BadFileError: It is not text, is empty, lacks a column, or has a row that cannot be read.
    """
    lines = [(n, line) for n, line in text_lines(path, content) if not line.startswith("#")]
    if not lines:
        raise BadFileError(f"{path} has comments only, and no row")
    if lines[0][1].lstrip().startswith("{"):
        return [_json_record(path, number, line) for number, line in lines], []
    return _csv_records(path, lines, needed)


def _json_record(path: Path, number: int, line: str) -> TimingRecord:
    place = f"{path}:{number}"
    try:
        found = msgspec.json.decode(line)
    except msgspec.DecodeError as error:
        raise BadFileError(
            f"{place}: this is not a line of JSON: {error}; each line is one object"
        ) from error
    if not isinstance(found, dict):
        raise BadFileError(f'{place}: a line is an object like {{"row": ...}}, not {line[:40]!r}')
    _check_names(place, "key", found)
    fields = {name: value for name, value in found.items() if value not in ("", None)}
    return TimingRecord(place=place, line=number, fields=fields)


def _csv_records(
    path: Path, lines: Sequence[tuple[int, str]], needed: Sequence[str]
) -> tuple[list[TimingRecord], list[str]]:
    (number, first), *rest = lines
    delimiter = max(_DELIMITERS, key=lambda mark: len(set(_names(first, mark)) & set(COLUMNS)))
    header = _names(first, delimiter)
    place = f"{path}:{number}"
    for name in needed:
        if name not in header:
            near = get_close_matches(name, set(header) - set(COLUMNS), n=1)
            mend = f"is {near[0]!r} meant?" if near else f"a file has {', '.join(needed)}"
            raise BadFileError(f"{place}: the column {name!r} is missing; {mend}")
    twice = next((name for name in header if header.count(name) > 1), "")
    if twice:
        raise BadFileError(f"{place}: the column {twice!r} is there twice; keep one")
    unread = _check_names(place, "column", header)
    notes = [f"columns that are not read: {', '.join(unread)}"] if unread else []
    return list(_csv_rows(path, header, rest, delimiter)), notes


def _names(line: str, delimiter: str) -> list[str]:
    return [name.strip().lower() for name in next(csv.reader([line], delimiter=delimiter))]


def _csv_rows(
    path: Path, header: Sequence[str], lines: Sequence[tuple[int, str]], delimiter: str
) -> Iterator[TimingRecord]:
    for number, line in lines:
        place = f"{path}:{number}"
        try:
            cells = next(csv.reader([line], delimiter=delimiter, strict=True))
        except csv.Error as error:
            raise BadFileError(
                f"{place}: {error}; each row is one line, and texts in quotes end with a quote"
            ) from error
        if len(cells) > len(header):
            comma = _decimal_comma(cells, header, delimiter)
            if comma or any(cells[len(header) :]):  # spreadsheets leave empty ones behind
                mend = comma or f"put texts that contain {delimiter!r} in quotes"
                raise BadFileError(
                    f"{place}: {len(cells)} values stand under {len(header)} columns; {mend}"
                )
        fields = {
            name: cell.strip() for name, cell in zip(header, cells, strict=False) if cell.strip()
        }
        yield TimingRecord(place=place, line=number, fields=fields)


def _decimal_comma(cells: Sequence[str], header: Sequence[str], delimiter: str) -> str:
    """A mend for a number that a decimal comma has cut in two; empty if there is none."""
    place = header.index("time")
    whole, rest = (cells[at].strip() if at < len(cells) else "" for at in (place, place + 1))
    if delimiter == "," and _DIGITS.match(whole) and _DIGITS.match(rest):
        return f"if {whole},{rest} is one number with a decimal comma, write {whole}.{rest}"
    return ""


def _check_names(place: str, what: str, names: Collection[str]) -> list[str]:
    """Names that nothing reads.

    Raises:
        BadFileError: One of them is so near to a known one that it must be meant.
    """
    unread = [name for name in names if name not in COLUMNS]
    for name in unread:
        near = get_close_matches(name, COLUMNS, n=1, cutoff=0.75)
        if near:
            raise BadFileError(f"{place}: unknown {what} {name!r}; did you mean {near[0]!r}?")
    return unread
