"""The section about the form that a model was deployed in: before and after, and what is dear."""

from __future__ import annotations

from edgeslim.reporting.document import Block, Items, ReportSection, Text, table_of
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.number_format import format_ms
from edgeslim.runs.rewriting_record import RewritingRecord

__all__ = ["rewriting"]


def rewriting(evidence: Evidence) -> ReportSection | None:
    """Makes the section, if the newest deployment looked for other forms and found something."""
    newest = evidence.latest
    found = None if newest is None else newest.rewriting
    if found is None or not (found.taken or found.advice):
        return None
    blocks: list[Block] = [Text(text=_sentence(found))]
    if found.taken:
        columns = [
            ("equivalence", "equivalence", "text", lambda one: one.equivalence),
            ("form", "form", "text", lambda one: one.form),
            ("places", "places", "count", lambda one: len(one.places)),
            ("saves_ms", "predicted to save", "ms", lambda one: one.saves_ms),
        ]
        blocks.append(table_of(found.taken, columns, title="Forms that were tried"))
        changed = [one for one in found.operators if one.before != one.after]
        kinds = [
            ("kind", "operators", "text", lambda one: one.kind),
            ("before", "before", "count", lambda one: one.before),
            ("after", "after", "count", lambda one: one.after),
            ("before_ms", "predicted before", "ms", lambda one: one.before_ms),
            ("after_ms", "after", "ms", lambda one: one.after_ms),
        ]
        blocks.append(table_of(changed, kinds, title="Operators that are more or fewer"))
    if found.advice:
        blocks.append(Items(items=found.advice, title="Still dear for what it computes"))
    return ReportSection(key="rewriting", title="The same function, faster", blocks=blocks)


def _sentence(found: RewritingRecord) -> str:
    """What came of it."""
    if not found.taken:
        return f"It goes out as it came: {found.reason}."
    predicted = (
        f"predicted {format_ms(found.predicted_before_ms)} before and "
        f"{format_ms(found.predicted_ms)} after"
    )
    measured = ""
    if found.speedup is not None and found.interval is not None:
        low, high = found.interval
        measured = (
            f", measured {found.speedup:.2f} times as fast in the same rounds "
            f"(95 % between {low:.2f} and {high:.2f})"
        )
    if found.kept:
        return f"Deployed in another form that computes the same: {predicted}{measured}."
    return f"It goes out as it came, since {found.reason}: {predicted}{measured}."
