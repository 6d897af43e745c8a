"""The whole of ``edgeslim table check``: rows of a table that cannot be trusted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from edgeslim.durations import format_ms
from edgeslim.errors import BadFileError
from edgeslim.files import AppendOnlyFile
from edgeslim.latency_rows import ROWS, Row
from edgeslim.latency_table import LatencyTable, NetworkRow, OperatorRow, TableContext
from edgeslim.measurement import CacheState, Measurement
from edgeslim.ops import find_problem, known_kinds
from edgeslim.opspec import OpSpec
from edgeslim.resources import table_file
from edgeslim.tables.families import families
from edgeslim.tables.sums import networks_that_are_sums

__all__ = ["Finding", "TableCheck", "check_table"]

_AGREES = 0.05
"""Two measurements of an operator agree within this relative difference and their noise."""
_DROP = 0.10
"""More channels may be faster by this share, because of the kernels' blocks."""
_ERRORS = 3.0
"""Number of standard errors that count as noise."""
_NEGLIGIBLE_MS = 0.002
"""Smaller differences are due to the clock and the call."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One problem of a table.

    Args:
        kind: Kind of problem: ``context``, ``truncated``, ``impossible``, ``contradiction``,
            ``unstable``, ``sum`` or ``drop``.
        text: Text that describes it, where it is, and how large.
    """

    kind: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TableCheck:
    """The result of checking a table.

    Args:
        operators: How many operators the table has.
        networks: How many whole networks it has.
        findings: Problems that were found.
        suspicions: Possible problems: operators that are faster with more channels.
    """

    operators: int
    networks: int
    findings: tuple[Finding, ...]
    suspicions: tuple[Finding, ...]


def check_table(path: Path) -> TableCheck:
    """Looks for rows that contradict each other or are implausible.

    Raises:
        BadFileError: It is not a table, is newer, or has an invalid line; the message has it.
    """
    path = table_file(path)
    lines, truncated = AppendOnlyFile(path).lines()
    if not lines:
        raise BadFileError(f"{path} is not a latency table: it has no complete line")
    ROWS.check_schema(path, lines[0])
    rows = [ROWS.decode(path, number, line) for number, line in enumerate(lines, start=1)]
    parts = list(_parts(path, rows))
    tables = [LatencyTable(path, context, rows) for _, context, rows in parts]
    findings = []
    for number, context, _ in parts[1:]:
        difference = parts[0][1].difference(context)
        findings.append(
            Finding(kind="context", text=f"from line {number} on, another {difference}")
        )
    if truncated:
        text = f"the line after line {len(lines)} is cut off and left out"
        findings.append(Finding(kind="truncated", text=text))
    findings += _impossible(rows)
    for table in tables:
        findings += [*_contradictions(table), *_unstable(table), *_sums(table)]
    return TableCheck(
        operators=sum(map(len, tables)),
        networks=sum(len(table.networks) for table in tables),
        findings=tuple(findings),
        suspicions=tuple(drop for table in tables for drop in _drops(table)),
    )


def _parts(path: Path, lines: Sequence[Row]) -> Iterator[tuple[int, TableContext, list[Row]]]:
    """The first line, the context and the rows of each context in the file."""
    context, start = None, 1
    rows: list[Row] = []
    for number, row in enumerate(lines, start=1):
        if not isinstance(row, TableContext):
            if context is None:
                raise BadFileError(f"{path}:1: a latency table starts with its context")
            rows.append(row)
        elif context is None:
            context = row
        elif context.difference(row):
            yield start, context, rows
            context, start, rows = row, number, []
    assert context is not None  # noqa: S101 - the first line is a context, or raised
    yield start, context, rows


def _impossible(lines: Sequence[Row]) -> Iterator[Finding]:
    """Operators that there cannot be, which no prediction would ever look up."""
    for number, row in enumerate(lines, start=1):
        if isinstance(row, OperatorRow) and (problem := find_problem(row.operator)):
            yield Finding(kind="impossible", text=f"line {number}: {problem}")
        elif isinstance(row, NetworkRow):
            # A network that ran may have operators of kinds that edgeslim does not know.
            known = [spec for spec in dict.fromkeys(row.graph.specs) if spec.kind in known_kinds()]
            for problem in filter(None, map(find_problem, known)):
                yield Finding(kind="impossible", text=f"line {number}: {row.name}: {problem}")


def _contradictions(table: LatencyTable) -> Iterator[Finding]:
    """Rows of one operator and cache state that disagree at the same reference speed."""
    speed = table.reference_ms
    found: dict[tuple[OpSpec, CacheState], list[tuple[float, Measurement]]] = {}
    for row in table.rows:
        if isinstance(row, OperatorRow):
            factor = speed / row.reference_ms if row.reference_ms > 0 else 1.0
            for measurement in row.measurements:
                key = (row.operator, measurement.cache)
                found.setdefault(key, []).append((factor * measurement.latency_ms, measurement))
    for (spec, cache), measured in found.items():
        (low, fast), (high, slow) = min(measured, key=_latency), max(measured, key=_latency)
        noise = _ERRORS * (fast.standard_error * low + slow.standard_error * high)
        if high - low > _AGREES * low + noise + _NEGLIGIBLE_MS:
            text = f"{spec} takes {format_ms(low)} in one row and {format_ms(high)} in another"
            yield Finding(kind="contradiction", text=f"{text} ({cache})")


def _latency(measured: tuple[float, Measurement]) -> float:
    return measured[0]


def _unstable(table: LatencyTable) -> Iterator[Finding]:
    """Rows with an unstable measurement."""
    for row in table.rows:
        worst = [measurement for measurement in row.measurements if not measurement.is_stable]
        if worst:
            name = row.operator if isinstance(row, OperatorRow) else row.name
            states = ", ".join(
                f"{measurement.cache}: {measurement.spread:.0%}" for measurement in worst
            )
            yield Finding(kind="unstable", text=f"{name} spreads by more than it may ({states})")


def _sums(table: LatencyTable) -> Iterator[Finding]:
    for name in networks_that_are_sums(table):
        text = f"the latency of {name} is a sum of the table's own rows: it proves nothing"
        yield Finding(kind="sum", text=text)


def _drops(table: LatencyTable) -> Iterator[Finding]:
    """Operators that are faster than the one with fewer channels beside them."""
    for family in families(table):
        for points in family.lines.values():
            for fewer, more in pairwise(points):
                before, after = fewer.measurement, more.measurement
                noise = _ERRORS * float(
                    np.hypot(
                        before.standard_error * before.latency_ms,
                        after.standard_error * after.latency_ms,
                    )
                )
                drop = before.latency_ms - after.latency_ms
                if drop > _DROP * before.latency_ms + noise + _NEGLIGIBLE_MS:
                    yield Finding(
                        kind="drop",
                        text=f"{family.name}, {more.c_in} channels read: "
                        f"{more.c_out} written take {format_ms(after.latency_ms)}, "
                        f"{fewer.c_out} take {format_ms(before.latency_ms)}",
                    )
