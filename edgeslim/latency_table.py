"""The latency table: operators and whole networks with every sample, in one context.

JSON Lines. The first line is the context; each further line is one operator, or one
network, with its measurements. Lines are only ever added, each flushed as it is measured,
by any number of processes: the file is the resume file, the review diff and the archive.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Union

import msgspec

from edgeslim.errors import BadFileError, ContextMismatchError
from edgeslim.execution import Execution
from edgeslim.files import AppendOnlyFile
from edgeslim.graph import Graph
from edgeslim.measurement import CacheState, Measurement
from edgeslim.opspec import OpSpec, decode_hook, encode_hook

__all__ = ["FailedRow", "LatencyTable", "NetworkRow", "OperatorRow", "TableContext"]

SCHEMA = 1
"""1: first version (2026-11)."""


class TableContext(msgspec.Struct, frozen=True, kw_only=True, tag="context", tag_field="row"):
    """Everything that all rows of a table share, and the latency depends on.

    Args:
        device: Name of the device's profile.
        hardware: What the device says it is, such as its processor.
        execution: Target, precision, threads, power mode.
        library_version: Version of Paddle-Lite, of ``opt`` and runtime alike.
        runner: Program that measured.
        simulated: Whether the numbers were made up; such a table is never quoted as measured.
        created: Day and time of the first line, UTC.
        edgeslim: Version that made the table.
    """

    device: str
    hardware: str
    execution: Execution
    library_version: str
    runner: str
    simulated: bool = False
    created: str = ""
    edgeslim: str = ""
    schema: int = SCHEMA

    def check_same(self, other: TableContext, path: Path) -> None:
        """Refuses to mix measurements.

        Raises:
            ContextMismatchError: Names what differs, here and there.
        """
        same = ("device", "hardware", "execution", "library_version", "runner", "simulated")
        for field in same:
            mine, theirs = getattr(self, field), getattr(other, field)
            if mine != theirs:
                raise ContextMismatchError(
                    f"{path} is of another {field.replace('_', ' ')}: {mine}, not {theirs}; "
                    "use another table"
                )


class OperatorRow(msgspec.Struct, frozen=True, kw_only=True, tag="operator", tag_field="row"):
    """One operator, timed alone in some cache states.

    Args:
        operator: The key.
        measurements: One for each cache state.
        drift: How much slower than its best the reference operator was meanwhile, as a
            ratio; 1 is not at all.
        measured: Day and time, UTC.
    """

    operator: OpSpec
    measurements: tuple[Measurement, ...]
    drift: float = 1.0
    measured: str = ""


class NetworkRow(msgspec.Struct, frozen=True, kw_only=True, tag="network", tag_field="row"):
    """One whole network as the device ran it: the judge of every sum."""

    name: str
    graph: Graph
    measurements: tuple[Measurement, ...]
    measured: str = ""

    @property
    def latency_ms(self) -> float:
        """Median over all samples."""
        return Measurement.pooled(self.measurements).latency_ms


class FailedRow(msgspec.Struct, frozen=True, kw_only=True, tag="failed", tag_field="row"):
    """One operator that could not be measured, and why; it is not tried again."""

    operator: OpSpec
    reason: str
    measured: str = ""


Row = Union[TableContext, OperatorRow, NetworkRow, FailedRow]


class LatencyTable:
    """A table on disk, read once and added to.

    Args:
        path: The file.
        context: Its first line.
        rows: Its other lines.
        truncated: Whether an incomplete last line was left off.
    """

    def __init__(
        self, path: Path, context: TableContext, rows: Iterable[Row] = (), *, truncated: bool = False
    ) -> None:
        self.path = path
        self.context = context
        self.truncated = truncated
        self._operators: dict[OpSpec, dict[CacheState, Measurement]] = {}
        self._failed: dict[OpSpec, str] = {}
        self._networks: dict[str, NetworkRow] = {}
        for row in rows:
            self._take(row)

    @staticmethod
    def read(path: Path) -> LatencyTable:
        """Reads a table.

        Raises:
            BadFileError: Not a table, or a newer kind; the message has the line.
        """
        lines, truncated = AppendOnlyFile(path).lines()
        if not lines:
            raise BadFileError(f"{path} is not a latency table: it is empty")
        decode = _ROW_DECODER.decode
        rows: list[Row] = []
        for number, line in enumerate(lines, start=1):
            try:
                rows.append(decode(line))
            except (msgspec.DecodeError, ValueError) as error:
                raise BadFileError(f"{path}:{number}: {error}") from error
            if number == 1:
                _check_schema(path, rows[0])
        context, *rest = rows
        if not isinstance(context, TableContext):
            raise BadFileError(f"{path}:1: a latency table starts with its context")
        return LatencyTable(path, context, rest, truncated=truncated)

    @staticmethod
    def open(path: Path, context: TableContext) -> LatencyTable:
        """The table at ``path`` to go on with, or a new one.

        Raises:
            ContextMismatchError: It was measured in another context.
        """
        if not AppendOnlyFile(path).create(_encode(context)):
            table = LatencyTable.read(path)
            table.context.check_same(context, path)
            return table
        return LatencyTable(path, context)

    def add(self, *rows: OperatorRow | NetworkRow | FailedRow) -> None:
        """Adds rows, on the disk before this returns."""
        AppendOnlyFile(self.path).append(*(_encode(row) for row in rows))
        for row in rows:
            self._take(row)

    def __contains__(self, spec: OpSpec) -> bool:
        return spec in self._operators

    def __len__(self) -> int:
        return len(self._operators)

    def __iter__(self) -> Iterator[OpSpec]:
        return iter(self._operators)

    def measurements(self, spec: OpSpec) -> Mapping[CacheState, Measurement]:
        """All measurements of an operator by cache state; of none, nothing."""
        return self._operators.get(spec, {})

    @property
    def failed(self) -> Mapping[OpSpec, str]:
        """Why operators could not be measured."""
        return self._failed

    @property
    def networks(self) -> Mapping[str, NetworkRow]:
        """Whole networks by name."""
        return self._networks

    @property
    def digest(self) -> str:
        """Checksum of the file as it is now, short; results say which table they used."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()[:16]

    def _take(self, row: Row) -> None:
        if isinstance(row, OperatorRow):
            known = self._operators.setdefault(row.operator, {})
            for measurement in row.measurements:
                older = known.get(measurement.cache)
                parts = [measurement] if older is None else [older, measurement]
                known[measurement.cache] = Measurement.pooled(parts)
        elif isinstance(row, NetworkRow):
            old = self._networks.get(row.name)
            if old is not None and old.graph == row.graph:
                pooled = Measurement.pooled([*old.measurements, *row.measurements])
                row = msgspec.structs.replace(row, measurements=(pooled,))
            self._networks[row.name] = row
        elif isinstance(row, FailedRow):
            self._failed[row.operator] = row.reason


def _check_schema(path: Path, first: Row) -> None:
    if isinstance(first, TableContext) and first.schema > SCHEMA:
        raise BadFileError(
            f"{path}:1: schema {first.schema} is newer than this edgeslim reads ({SCHEMA}); "
            "install a newer edgeslim"
        )


_ROW_DECODER = msgspec.json.Decoder(Row, dec_hook=decode_hook)
_ENCODER = msgspec.json.Encoder(enc_hook=encode_hook)


def _encode(row: Row) -> bytes:
    return _ENCODER.encode(row)
