"""What a file of this folder says about its format, and what reading and writing give."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from edgeslim.errors import BadFileError
from edgeslim.execution import PowerMode
from edgeslim.latency_rows import Convention, TableContext
from edgeslim.opspec import OpSpec
from edgeslim.texts import decoded

__all__ = [
    "ForeignRow",
    "ForeignTable",
    "Latency",
    "Refusal",
    "RowRefusedError",
    "TableFormat",
    "Unit",
    "Written",
    "parse_latency",
    "text_lines",
]

_NUMBER = re.compile(r"[0-9]*(?:\.([0-9]*))?(?:[eE]([-+]?[0-9]+))?\Z")
_MOST_NS = 10**13
"""Hours for one operator are no latency, and would not fit where samples are kept."""


class Unit(str, Enum):
    """Unit of the latencies in a file."""

    US = "us"
    MS = "ms"

    @property
    def nanoseconds(self) -> int:
        """How many nanoseconds one is."""
        return 1_000 if self is Unit.US else 1_000_000


class RowRefusedError(ValueError):
    """A row that cannot become one of ours; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Latency:
    """One latency as a file says it.

    Args:
        nanoseconds: The value, rounded to what a sample keeps.
        step_ns: What one more in its last digit would be: how exactly it was written.
    """

    nanoseconds: int
    step_ns: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignRow:
    """One operator of a file.

    Args:
        place: Where it is, such as ``line 7``.
        operator: What it is.
        latency: How long it takes.
    """

    place: str
    operator: OpSpec
    latency: Latency


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """One row that could not be read or written, and why."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignTable:
    """What a file says.

    Args:
        rows: Its operators, in order.
        refused: Rows that are none of ours.
        notes: What is known to be wrong with the file, and what was done about it.
        unit: Unit of its numbers; None is not said.
        hardware: What it says the device is; empty is nothing.
        threads: What it says it was measured with.
        power_mode: What it says it was measured with.
        convention: What its operators are; None where that is to be seen from the rows.
    """

    rows: tuple[ForeignRow, ...]
    refused: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    unit: Unit | None = None
    hardware: str = ""
    threads: int | None = None
    power_mode: PowerMode | None = None
    convention: Convention | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A file in another format, and what it does not say.

    Args:
        content: The file.
        operators: Those that are in it, as they will be read back.
        refused: Operators that the format has no words for.
        notes: What else is lost.
    """

    content: bytes
    operators: tuple[OpSpec, ...]
    refused: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TableFormat:
    """One format.

    Args:
        summary: One line for people.
        suffix: What its files' names end with.
        read: Reads the content of a file. The unit is the user's word, needed where the
            file says none; raises BadFileError for a file that is not of the format.
        write: Makes the content of a file from latencies in nanoseconds. It lists as
            refused what would not be read back as the same operator.
    """

    summary: str
    suffix: str
    read: Callable[[Path, bytes, Unit | None], ForeignTable]
    write: Callable[[TableContext, Mapping[OpSpec, int]], Written]


def parse_latency(text: str, unit: Unit) -> Latency:
    """A latency written as a plain number.

    Raises:
        RowRefusedError: It is none, or is not above 0.
    """
    found = _NUMBER.match(text)
    try:
        value = float(text) if found else 0.0
    except ValueError:
        found = None
    if not found:
        raise RowRefusedError(f"the latency {text[:40]!r} is no number")
    nanoseconds = round(value * unit.nanoseconds) if value < _MOST_NS else _MOST_NS
    if not 0 < nanoseconds < _MOST_NS:
        raise RowRefusedError(f"{text[:40]} {unit.value} is no latency")
    decimals = len(found[1] or "") - int(found[2] or 0)
    return Latency(
        nanoseconds=nanoseconds, step_ns=max(1.0, unit.nanoseconds * 10.0 ** min(-decimals, 12))
    )


def text_lines(path: Path, content: bytes) -> Sequence[tuple[int, str]]:
    """The lines of a text that say something, with their numbers.

    Raises:
        BadFileError: It is no text, or says nothing.
    """
    try:
        text = decoded(content)  # PowerShell writes what a command prints in UTF-16
    except UnicodeDecodeError as error:
        raise BadFileError(f"{path} is no text: {error.reason} at byte {error.start}") from error
    numbered = enumerate(text.splitlines(), start=1)
    lines = [(number, line) for number, line in numbered if line.strip()]
    if not lines:
        raise BadFileError(f"{path} is empty")
    return lines
