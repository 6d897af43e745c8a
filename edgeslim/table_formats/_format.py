"""The interface of formats, and the results of reading and writing them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from edgeslim.errors import BadFileError
from edgeslim.execution import PowerMode
from edgeslim.latency_rows import Convention, TableContext
from edgeslim.measurement import Measurement
from edgeslim.opspec import OpSpec
from edgeslim.texts import decode_text

__all__ = [
    "ForeignNetwork",
    "ForeignRow",
    "ForeignTable",
    "Latency",
    "LatencyUnit",
    "ReadOptions",
    "Refusal",
    "RowRefusedError",
    "TableFormat",
    "WrittenTable",
    "parse_latency",
    "text_lines",
]

_NUMBER = re.compile(r"[0-9]*(?:\.([0-9]*))?(?:[eE]([-+]?[0-9]+))?\Z")
_MOST_NS = 10**13
"""Larger values, hours, are not latencies, and would overflow the samples' type."""


class LatencyUnit(str, Enum):
    """Unit of the latencies in a file."""

    NS = "ns"
    US = "us"
    MS = "ms"
    S = "s"

    @property
    def nanoseconds(self) -> int:
        """Nanoseconds in one unit."""
        return {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}[self.value]


class RowRefusedError(ValueError):
    """A row that cannot be imported; the text has the reason."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Latency:
    """One latency of a file.

    Args:
        nanoseconds: Value, rounded to whole nanoseconds.
        step_ns: Value of one in its last digit, its precision.
    """

    nanoseconds: int
    step_ns: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignRow:
    """One operator of a file.

    Args:
        place: Place in the file, such as ``line 7``.
        operator: The operator in edgeslim's form.
        latency: Latency with its precision.
        measurement: The measurement, if more is known than one latency; otherwise None.
        kernel: Name of the kernel that computed it; empty where it is not known.
    """

    place: str
    operator: OpSpec
    latency: Latency
    measurement: Measurement | None = None
    kernel: str = ""

    @property
    def full_measurement(self) -> Measurement:
        """What was measured: one sample where only a latency is known."""
        return self.measurement or Measurement(samples_ns=(self.latency.nanoseconds,))


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignNetwork:
    """One whole network of a file.

    Args:
        place: Place in the file, such as ``line 7``.
        name: Name of the network.
        operators: Operators that it consists of, in order, with repetition.
        measurement: Measurement of the whole network.
        others: How often it has operators without a counterpart in edgeslim, by name.
    """

    place: str
    name: str
    operators: tuple[OpSpec, ...]
    measurement: Measurement
    others: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """One row that could not be read or written, and why."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignTable:
    """The content of a file.

    Args:
        rows: Operators of the file, in order.
        networks: Whole networks of the file, in order.
        refused: Rows that cannot be imported.
        notes: Known defects of the file, and how they were corrected.
        unit: Unit of its numbers; None if the file does not have it, or rows differ.
        units: All units of its rows, in text, where they differ.
        hardware: Hardware of the device; empty if the file does not have it.
        threads: Threads that it was measured with; None if the file does not have it.
        power_mode: Cores that it was measured on; None if the file does not have it.
        convention: Convention of its operators; None where the rows decide it.
        library_version: Version of the runtime that measured it; empty if it is not known.
    """

    rows: tuple[ForeignRow, ...]
    networks: tuple[ForeignNetwork, ...] = ()
    refused: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    unit: LatencyUnit | None = None
    units: str = ""
    hardware: str = ""
    threads: int | None = None
    power_mode: PowerMode | None = None
    convention: Convention | None = None
    library_version: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadOptions:
    """What the user says about a file beside its content.

    Args:
        unit: Unit of its latencies; None if the user does not say it.
        model: File of the model that was profiled, for profiles that lack what it has.
    """

    unit: LatencyUnit | None = None
    model: Path | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenTable:
    """The content of a file in another format, and what it omits.

    Args:
        content: Bytes of the file.
        operators: Operators that are in it, as they will be read back.
        refused: Operators that the format cannot describe.
        notes: Texts on what else is lost.
    """

    content: bytes
    operators: tuple[OpSpec, ...]
    refused: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TableFormat:
    """A format of latency tables.

    Args:
        summary: One line of description for people.
        suffix: Suffix of its files' names.
        read: Reads the content of a file, with what the user says about it; raises BadFileError
            for a file that is not of the format.
        write: Makes the content of a file from latencies in nanoseconds. It lists as
            refused what would not be read back as the same operator. None for formats that are
            only read.
        repeats_agree_within: Share by which rows of one operator may differ, to be pooled; 0 if
            they must agree in all their digits.
        write_networks: Makes what follows the operators from networks by name, each with its
            operators and its latency in nanoseconds, given which operators were written. None
            where the format has no networks.
        target_word: What the tables were measured on, if not on kernels of Paddle-Lite; the user
            may say it better.
    """

    summary: str
    suffix: str
    read: Callable[[Path, bytes, ReadOptions], ForeignTable]
    write: Callable[[TableContext, Mapping[OpSpec, int]], WrittenTable] | None = None
    write_networks: (
        Callable[[Sequence[OpSpec], Mapping[str, tuple[Sequence[OpSpec], int]]], bytes] | None
    ) = None
    repeats_agree_within: float = 0.0
    target_word: str = ""


def parse_latency(text: str, unit: LatencyUnit) -> Latency:
    """Parses a latency written as a plain number.

    Raises:
        RowRefusedError: It is not a number, or is not above 0.
    """
    found = _NUMBER.match(text)
    try:
        value = float(text) if found else 0.0
    except ValueError:
        found = None
    if not found:
        raise RowRefusedError(f"the latency {text[:40]!r} is not a number")
    nanoseconds = round(value * unit.nanoseconds) if value < _MOST_NS else _MOST_NS
    if not 0 < nanoseconds < _MOST_NS:
        raise RowRefusedError(f"{text[:40]} {unit.value} is not a latency")
    decimals = len(found[1] or "") - int(found[2] or 0)
    return Latency(
        nanoseconds=nanoseconds, step_ns=max(1.0, unit.nanoseconds * 10.0 ** min(-decimals, 12))
    )


def text_lines(path: Path, content: bytes) -> Sequence[tuple[int, str]]:
    """The lines of a text that are not blank, with their numbers.

    Raises:
        BadFileError: It is not text, or is empty.
    """
    try:
        text = decode_text(content)  # PowerShell writes what a command prints in UTF-16
    except UnicodeDecodeError as error:
        raise BadFileError(f"{path} is not text: {error.reason} at byte {error.start}") from error
    numbered = enumerate(text.splitlines(), start=1)
    lines = [(number, line) for number, line in numbered if line.strip()]
    if not lines:
        raise BadFileError(f"{path} is empty")
    return lines
