"""A family as text for a terminal: a bar for each width."""

from __future__ import annotations

from edgeslim.durations import format_ms
from edgeslim.tables.families import Family

__all__ = ["chart_rows"]

_LONGEST = 40
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def chart_rows(family: Family) -> list[list[str]]:
    """Input channels, output channels, latency, and a bar of that length, for each operator.

    An input width is printed once, where its line starts.
    """
    largest = max(point.measurement.latency_ms for point in family.points)
    rows = []
    for points in family.lines.values():
        before = None
        for point in points:
            latency_ms = point.measurement.latency_ms
            rows.append(
                [
                    "" if point.c_in == before else str(point.c_in),
                    str(point.c_out),
                    format_ms(latency_ms),
                    "" if point.measurement.is_stable else "unstable",
                    _bar(latency_ms / largest),
                ]
            )
            before = point.c_in
    return rows


def _bar(share: float) -> str:
    eighths = round(share * _LONGEST * 8)
    return (_EIGHTHS[-1] * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()
