"""The latency table: operators and whole networks with every sample, in one context.

JSON Lines. The first line is the context; each further line is one operator, or one
network, with its measurements. Lines are only ever added, each flushed as it is measured,
by any number of processes: the file is the resume file, the review diff and the archive.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np

from edgeslim.errors import BadFileError, ContextMismatchError
from edgeslim.files import AppendOnlyFile
from edgeslim.latency_rows import (
    ROWS,
    ConditionsRow,
    FailedRow,
    LikeRow,
    NetworkRow,
    OperatorRow,
    Row,
    StartRow,
    TableContext,
    encode_row,
)
from edgeslim.measurement import CacheState, Measurement
from edgeslim.opspec import OpSpec
from edgeslim.resources import table_file

__all__ = ["FailedRow", "LatencyTable", "NetworkRow", "OperatorRow", "TableContext"]


class LatencyTable:
    """A table on disk, read once and appended to.

    Args:
        path: File of the table.
        context: First line of the file.
        rows: Other lines of the file.
        truncated: Whether an incomplete last line was left off.
    """

    def __init__(
        self,
        path: Path,
        context: TableContext,
        rows: Iterable[Row] = (),
        *,
        truncated: bool = False,
    ) -> None:
        self.path = path
        self.context = context
        self.truncated = truncated
        self._operators: dict[OpSpec, dict[CacheState, Measurement]] = {}
        self._failed: dict[OpSpec, str] = {}
        self._disturbed: dict[OpSpec, str] = {}
        self._networks: dict[str, NetworkRow] = {}
        self._starts: dict[str, StartRow] = {}
        self._likes: dict[TableContext, LikeRow] = {}
        self._rows: list[OperatorRow | NetworkRow] = []
        for row in rows:
            self._index_row(row)

    @staticmethod
    def read(path: Path) -> LatencyTable:
        """Reads a table.

        Args:
            path: File of the table, or the name of one that comes with edgeslim.

        Raises:
            UnknownNameError: Neither such a file nor such a name.
            BadFileError: Not a table, or a newer kind; the message has the line.
        """
        path = table_file(path)
        (context, *rows), truncated = ROWS.read(path)
        if not isinstance(context, TableContext):
            raise BadFileError(f"{path}:1: a latency table starts with its context")
        for number, row in enumerate(rows, 2):
            # Tables joined with cat have several contexts, which must all be the same.
            if isinstance(row, TableContext) and context.difference(row):
                raise BadFileError(f"{path}:{number}: another context: {context.difference(row)}")
        return LatencyTable(path, context, rows, truncated=truncated)

    @staticmethod
    def open(path: Path, context: TableContext) -> LatencyTable:
        """Opens the table at ``path`` to go on with, or creates it.

        Raises:
            ContextMismatchError: It was measured in another context.
        """
        if not AppendOnlyFile(path).create(encode_row(context)):
            table = LatencyTable.read(path)
            table.context.check_same(context, path)
            mine, theirs = table.context.unit, context.unit
            if mine and theirs and mine != theirs:
                raise ContextMismatchError(
                    f"{path} was measured on the device with the serial number {mine}, not on "
                    f"{theirs}; use another table"
                )
            return table
        return LatencyTable(path, context)

    def add(
        self, *rows: OperatorRow | NetworkRow | StartRow | FailedRow | ConditionsRow | LikeRow
    ) -> None:
        """Adds rows, which are on the disk when this returns.

        Raises:
            UnwritableError: Read-only folder, full disk; then none of them is added.
        """
        file = AppendOnlyFile(self.path)
        file.create(encode_row(self.context))  # if someone removed the table meanwhile
        file.append(*(encode_row(row) for row in rows))
        for row in rows:
            self._index_row(row)

    def __contains__(self, spec: OpSpec) -> bool:
        return spec in self._operators

    def __len__(self) -> int:
        return len(self._operators)

    def __iter__(self) -> Iterator[OpSpec]:
        return iter(self._operators)

    @property
    def rows(self) -> Sequence[OperatorRow | NetworkRow]:
        """Everything measured, line by line, before pooling by `measurements`."""
        return tuple(self._rows)

    def measurements(self, spec: OpSpec) -> Mapping[CacheState, Measurement]:
        """All measurements of an operator by cache state; empty if there are none."""
        return self._operators.get(spec, {})

    @property
    def reference_ms(self) -> float:
        """Median latency of the reference operator over all rows; 0 is not known.

        It is the speed of the device at which the table's latencies are given.
        """
        known = [row.reference_ms for row in self._rows if row.reference_ms > 0]
        return float(np.median(known)) if known else 0.0

    def latencies_ms(self) -> dict[OpSpec, dict[CacheState, float]]:
        """Latency of every operator in every cache state, at the table's own speed.

        A shared or warming machine is faster at one time than at another; each row has the
        reference operator's latency at the time, and is scaled to one speed by it.
        """
        speed = self.reference_ms
        parts: dict[OpSpec, dict[CacheState, list[tuple[float, int]]]] = {}
        for row in self._rows:
            if isinstance(row, OperatorRow):
                states = parts.setdefault(row.operator, {})
                factor = _factor(speed, row)
                for measurement in row.measurements:
                    weighted = (measurement.latency_ms * factor, measurement.runs)
                    states.setdefault(measurement.cache, []).append(weighted)
        return {
            spec: {
                cache: _weighted_mean(parts_of_state) for cache, parts_of_state in states.items()
            }
            for spec, states in parts.items()
        }

    def network_latencies_ms(self) -> dict[str, float]:
        """Latency of every whole network at the table's own speed; see `latencies_ms`.

        It is the median over its rows: the same network takes a few percent more or less from one
        time to the next, as other programs use more or less of the shared caches.
        """
        speed = self.reference_ms
        parts: dict[str, list[float]] = {}
        for row in self._rows:
            # A network of the same name but of other operators was replaced by the later one.
            if isinstance(row, NetworkRow) and row.graph == self._networks[row.name].graph:
                parts.setdefault(row.name, []).append(row.latency_ms * _factor(speed, row))
        return {name: float(np.median(latencies_ms)) for name, latencies_ms in parts.items()}

    def unsteady_reason(self, spec: OpSpec) -> str:
        """Why an operator's measurements are unreliable; empty if they are not."""
        if spec in self._disturbed:
            return self._disturbed[spec]
        if all(measurement.is_stable for measurement in self.measurements(spec).values()):
            return ""
        return "its samples are far apart"

    @property
    def failures(self) -> Mapping[OpSpec, str]:
        """Reasons why operators could not be measured, for those that never were."""
        return self._failed

    @property
    def networks(self) -> Mapping[str, NetworkRow]:
        """Whole networks by name."""
        return self._networks

    @property
    def starts(self) -> Mapping[str, StartRow]:
        """How whole networks start, by name."""
        return self._starts

    @property
    def likes(self) -> tuple[LikeRow, ...]:
        """Copies of other devices' tables, from which operators are estimated."""
        return tuple(self._likes.values())

    @property
    def digest(self) -> str:
        """Short checksum of the file as it is now, by which results name their table."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()[:16]

    def _index_row(self, row: Row) -> None:
        if isinstance(row, OperatorRow | NetworkRow):
            self._rows.append(row)
        if isinstance(row, OperatorRow):
            self._failed.pop(row.operator, None)
            if row.disturbed:
                self._disturbed[row.operator] = row.disturbed
            known = self._operators.setdefault(row.operator, {})
            for measurement in row.measurements:
                older = known.get(measurement.cache)
                parts = [measurement] if older is None else [older, measurement]
                known[measurement.cache] = Measurement.pool(parts)
        elif isinstance(row, NetworkRow):
            old = self._networks.get(row.name)
            if old is not None and (old.graph, old.cache) == (row.graph, row.cache):
                pooled = Measurement.pool([*old.measurements, *row.measurements])
                row = msgspec.structs.replace(row, measurements=(pooled,))
            if old is not None and old.graph != row.graph:
                self._starts.pop(row.name, None)
            self._networks[row.name] = row
        elif isinstance(row, StartRow):
            self._starts[row.name] = row
        elif isinstance(row, LikeRow):
            self._likes[row.context] = row  # a later copy of a table replaces an earlier one
        elif isinstance(row, FailedRow) and row.operator not in self._operators:
            self._failed[row.operator] = row.reason


def _factor(speed_ms: float, row: OperatorRow | NetworkRow) -> float:
    return speed_ms / row.reference_ms if row.reference_ms > 0 else 1.0


def _weighted_mean(parts: list[tuple[float, int]]) -> float:
    return sum(value * weight for value, weight in parts) / sum(weight for _, weight in parts)
