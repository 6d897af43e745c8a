"""The section with what each operator took inside the network, beside its prediction."""

from __future__ import annotations

from edgeslim.reporting.document import Block, ReportSection, Text, table_of
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.number_format import format_ms
from edgeslim.runs.inside_record import SUM_WITHIN, InsideOperator, InsideRecord

__all__ = ["inside"]

_NAMED = 12


def _place(own: InsideOperator) -> str:
    first, last = own.first + 1, own.last + 1
    return f"{first}" if first == last else f"{first}-{last}"


_COLUMNS = [
    ("place", "place", "text", _place),
    ("operator", "operator", "text", lambda own: own.title.replace("->", "\N{RIGHTWARDS ARROW}")),
    ("inside_ms", "inside", "ms", lambda own: own.latency_ms),
    ("interval_ms", "90 % interval", "ms", lambda own: own.interval_ms),
    ("predicted_ms", "predicted", "ms", lambda own: own.predicted_ms),
    ("difference", "difference", "change", lambda own: own.difference),
]


def inside(evidence: Evidence) -> ReportSection | None:
    """Makes the section, if the newest deployment looked inside the network."""
    subject = evidence.subject
    if subject is None or subject.inside is None:
        return None
    found = subject.inside
    costliest = sorted(found.operators, key=lambda own: -own.latency_ms)[:_NAMED]
    blocks: list[Block] = [
        Text(text=_sentence(found)),
        table_of(
            costliest, _COLUMNS, title="The costliest inside", folded=False, bars={"inside_ms"}
        ),
    ]
    if len(found.operators) > _NAMED:
        blocks.append(
            table_of(
                found.operators,
                _COLUMNS,
                title="All operators, in the order they run",
                folded=True,
                bars={"inside_ms"},
            )
        )
    return ReportSection(key="inside", title="Time inside the network", blocks=blocks)


def _sentence(found: InsideRecord) -> str:
    agrees = "which is" if found.sum_is_whole else "which is NOT"
    text = (
        f"Measured in {found.rounds} rounds from the network's beginning to each operator; "
        f"what one takes is the difference. The sum is {format_ms(found.sum_ms)}, the whole "
        f"network took {format_ms(found.whole_ms)} in the same rounds: "
        f"{found.sum_difference:+.1%}, {agrees} within {SUM_WITHIN:.0%}."
    )
    known = [own for own in found.operators if own.predicted_ms is not None]
    if known:
        explained = sum(own.is_explained for own in known)
        text += f" {explained} of {len(known)} predictions are within the interval."
    return text
