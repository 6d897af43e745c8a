"""Rows of several files as one table: repeated ones pooled, contradictions refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from edgeslim.durations import format_ms
from edgeslim.errors import BadFileError
from edgeslim.graph import Graph
from edgeslim.latency_rows import NetworkRow, OperatorRow
from edgeslim.measurement import Measurement
from edgeslim.opspec import OpSpec
from edgeslim.table_formats import ForeignNetwork, ForeignRow

__all__ = ["MergedRows", "Placed", "merge_networks", "merge_operators"]

_ERRORS = 3.0
"""Number of standard errors that count as noise."""
_MOST_RATIO = 20.0
"""A network may take so many times what its operators take, or that share of it; beyond that
one of them is in another unit. Small networks on a GPU mostly wait for their kernels."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """A row or a network of a file, with the file's name where there are several.

    Args:
        place: Place for messages: ``times.csv: line 7``.
        short: The same without the file that the message begins with.
        row: Operator, if it is one.
        network: Whole network, if it is one.
    """

    place: str
    short: str
    row: ForeignRow | None = None
    network: ForeignNetwork | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MergedRows:
    """Operators of a table, each once.

    Args:
        rows: One row for each operator, in the order in which they came.
        repeated: How many rows repeated another and agreed with it.
    """

    rows: tuple[OperatorRow, ...]
    repeated: int


def merge_operators(placed: Iterable[Placed], agree_within: float) -> MergedRows:
    """One row for each operator.

    Args:
        placed: Operators of all files, in order.
        agree_within: Share by which rows of one operator may differ; they are pooled then. With 0
            they must agree in all their digits, and the first one counts.

    Raises:
        BadFileError: Two rows of one operator differ by more.
    """
    groups: dict[OpSpec, list[tuple[Placed, ForeignRow]]] = {}
    for found in placed:
        if found.row is not None:
            groups.setdefault(found.row.operator, []).append((found, found.row))
    repeated = 0
    for group in groups.values():
        (first_place, first), *others = group
        for place, row in others:
            repeated += 1
            _check_agreement(place, row, first_place, first, agree_within)
    return MergedRows(
        rows=tuple(
            _pool([row for _, row in (group if agree_within else group[:1])])
            for group in groups.values()
        ),
        repeated=repeated,
    )


def _check_agreement(
    place: Placed, row: ForeignRow, first_place: Placed, first: ForeignRow, agree_within: float
) -> None:
    mine, theirs = row.latency, first.latency
    allowed = max(mine.step_ns, theirs.step_ns)
    if agree_within:
        noise = sum(r.latency.nanoseconds * r.full_measurement.standard_error for r in (row, first))
        smaller = min(mine.nanoseconds, theirs.nanoseconds)
        allowed += agree_within * smaller + _ERRORS * noise
    if abs(mine.nanoseconds - theirs.nanoseconds) > allowed:
        kernels = (
            f" (kernels {row.kernel} and {first.kernel})" if row.kernel != first.kernel else ""
        )
        raise BadFileError(
            f"{place.place}: {row.operator} takes {mine.nanoseconds / 1e6:g} ms here and "
            f"{theirs.nanoseconds / 1e6:g} ms in {first_place.short}{kernels}; keep the right one"
        )


def _pool(rows: Sequence[ForeignRow]) -> OperatorRow:
    kernels = {row.kernel for row in rows}
    return OperatorRow(
        operator=rows[0].operator,
        measurements=(Measurement.pool([row.full_measurement for row in rows]),),
        kernel=kernels.pop() or msgspec.UNSET if len(kernels) == 1 else msgspec.UNSET,
    )


def merge_networks(
    placed: Iterable[Placed], rows: Sequence[OperatorRow], agree_within: float
) -> Iterator[NetworkRow]:
    """The rows of whole networks, each name with the same operators and about the same time.

    Args:
        placed: Networks of all files, in order.
        rows: Operators of the table, against which units are checked.
        agree_within: Share by which times of one network may differ.

    Raises:
        BadFileError: Two networks of one name contradict each other, or a network takes much
            more or much less than its operators.
    """
    latencies_ms = {row.operator: row.measurements[0].latency_ms for row in rows}
    first: dict[str, tuple[Placed, ForeignNetwork]] = {}
    for found in placed:
        network = found.network
        if network is None:
            continue
        other_place, other = first.setdefault(network.name, (found, network))
        if other.operators != network.operators:
            raise BadFileError(
                f"{found.place}: the network {network.name!r} has other operators than in "
                f"{other_place.short}; give one of them another name"
            )
        mine, theirs = network.measurement, other.measurement
        noise = _ERRORS * (mine.standard_error + theirs.standard_error)
        smaller = min(mine.latency_ms, theirs.latency_ms)
        if abs(mine.latency_ms - theirs.latency_ms) > (agree_within + noise) * smaller:
            raise BadFileError(
                f"{found.place}: the network {network.name!r} takes {format_ms(mine.latency_ms)} "
                f"here and {format_ms(theirs.latency_ms)} in {other_place.short}; keep the right "
                "one"
            )
        _check_sum(found, network, latencies_ms)
        yield NetworkRow(
            name=network.name,
            graph=Graph.of_unwired(network.operators),
            measurements=(network.measurement,),
        )


def _check_sum(
    found: Placed, network: ForeignNetwork, latencies_ms: Mapping[OpSpec, float]
) -> None:
    known = [latencies_ms[spec] for spec in network.operators if spec in latencies_ms]
    if 2 * len(known) < len(network.operators):
        return
    ratio = network.measurement.latency_ms / sum(known)
    if not 1 / _MOST_RATIO <= ratio <= _MOST_RATIO:
        raise BadFileError(
            f"{found.place}: the network {network.name!r} takes "
            f"{format_ms(network.measurement.latency_ms)}, and {len(known)} of its operators "
            f"{format_ms(sum(known))}; one of the times is in another unit, or they are not its "
            "operators"
        )
