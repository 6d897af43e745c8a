"""What ``edgeslim deploy --operators`` prints."""

from __future__ import annotations

from typing import Any

from edgeslim.cli.output import print_lines, print_table
from edgeslim.durations import format_ms
from edgeslim.runs.inside_record import SUM_WITHIN, InsideOperator, InsideRecord

__all__ = ["inside_document", "print_inside"]

_MANY_DISTURBED = 0.2


def print_inside(inside: InsideRecord) -> None:
    """Prints what each operator takes inside its network, and whether the sum is the whole."""
    predicts = any(own.predicted_ms is not None for own in inside.operators)
    headers = ["", "operator", "inside", "90 % interval"]
    headers += ["predicted", "difference"] if predicts else []
    print_table(headers, [_cells(own)[: len(headers)] for own in inside.operators])
    low, high = inside.whole_interval_ms
    verdict = f"within {SUM_WITHIN:.0%}" if inside.sum_is_whole else f"NOT within {SUM_WITHIN:.0%}"
    print_lines(
        f"the sum of the operators is {format_ms(inside.sum_ms)}; the whole network took "
        f"{format_ms(inside.whole_ms)} ({format_ms(low)} to {format_ms(high)}) in the same "
        f"{inside.rounds} rounds: {inside.sum_difference:+.1%}, {verdict}"
    )
    if predicts:
        known = [own for own in inside.operators if own.predicted_ms is not None]
        explained = sum(own.is_explained for own in known)
        print_lines(f"{explained} of {len(known)} predictions are within the interval")
    if inside.disturbed > _MANY_DISTURBED:
        print_lines(
            f"other programs interrupted {inside.disturbed:.0%} of the turns: intervals are wide, "
            "and everything seems slower than it is"
        )


def _cells(own: InsideOperator) -> list[str]:
    places = f"{own.first + 1}" if own.first == own.last else f"{own.first + 1}-{own.last + 1}"
    low, high = own.interval_ms
    return [
        places,
        own.title,
        format_ms(own.latency_ms),
        f"{format_ms(low)} to {format_ms(high)}",
        "" if own.predicted_ms is None else format_ms(own.predicted_ms),
        "" if own.difference is None else f"{own.difference:+.0%}",
    ]


def inside_document(inside: InsideRecord) -> dict[str, Any]:
    """The JSON document of what operators take inside their network."""
    return {
        "operators": [
            {
                "first": own.first,
                "last": own.last,
                "operator": own.title,
                "inside_ms": own.latency_ms,
                "interval_ms": own.interval_ms,
                "predicted_ms": own.predicted_ms,
                "difference": own.difference,
            }
            for own in inside.operators
        ],
        "sum_ms": inside.sum_ms,
        "whole_ms": inside.whole_ms,
        "whole_interval_ms": inside.whole_interval_ms,
        "sum_difference": inside.sum_difference,
        "sum_is_whole": inside.sum_is_whole,
        "rounds": inside.rounds,
        "seconds": inside.seconds,
        "disturbed": inside.disturbed,
    }
