"""Rows of a profile: each operator once, from all its places in the network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeslim.measurement import Measurement
from edgeslim.opspec import OpSpec
from edgeslim.table_formats._format import ForeignRow, Latency

__all__ = [
    "LEAST_KNOWN",
    "PROFILES_AGREE_WITHIN",
    "RUNTIME_STEP_NS",
    "WITH_SUM",
    "pool_places",
    "text_on_left_out",
]

LEAST_KNOWN = 0.5
"""A network of which less than this share of the operators' time is imported calibrates nothing."""

PROFILES_AGREE_WITHIN = 1.0
"""The same operator in another network may find its caches otherwise, and take twice as long."""

RUNTIME_STEP_NS = 5_000.0
"""Profilers count microseconds: operators of one or two differ by as much as the profiler takes."""

WITH_SUM = " with a sum"
"""End of the name of a kernel that adds another tensor to its result."""


def text_on_left_out(known: float) -> str:
    """A note on a network of which too little is known.

    Args:
        known: Share of its operators' time that is imported.
    """
    return f"the whole network is left out: only {known:.0%} of its operators' time is imported"


def pool_places(rows: Sequence[ForeignRow]) -> Iterator[ForeignRow]:
    """One row for each operator; with a sum in its time only if there is no other."""
    plain = {row.operator for row in rows if not row.kernel.endswith(WITH_SUM)}
    groups: dict[OpSpec, list[ForeignRow]] = {}
    for row in rows:
        if row.operator not in plain or not row.kernel.endswith(WITH_SUM):
            groups.setdefault(row.operator, []).append(row)
    for spec, group in groups.items():
        pooled = Measurement.pool([row.full_measurement for row in group])
        yield ForeignRow(
            place=group[0].place,
            operator=spec,
            latency=Latency(nanoseconds=round(pooled.latency_ms * 1e6), step_ns=RUNTIME_STEP_NS),
            measurement=pooled,
            kernel=group[0].kernel,
        )
