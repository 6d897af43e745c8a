"""The section about a run of slim: all models that were tried, and what to try next."""

from __future__ import annotations

from edgeslim.reporting.document import Block, ReportSection, Table, Text, table_of
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.number_format import format_ms
from edgeslim.runs.slim_run import Slimming

__all__ = ["attempts"]


def attempts(evidence: Evidence) -> ReportSection | None:
    """Makes the section: a table of models, fastest last; None for other runs."""
    result = evidence.slimming
    if result is None:
        return None
    goal = (
        f"The limit is {format_ms(result.limit_ms)}, and {result.max_loss:.2%} of {result.metric} "
        f"may be lost. Chosen: {result.made_by}."
    )
    advice: list[Block] = [Text(text=sentence) for sentence in result.advice]
    return ReportSection(
        key="attempts",
        title="What was tried",
        blocks=[Text(text=goal), _candidates(result), *advice],
    )


def _candidates(result: Slimming) -> Table:
    return table_of(
        result.candidates,
        [
            ("made_by", "made faster by", "text", lambda one: one.name),
            ("measured_ms", "measured", "ms", lambda one: one.measured_ms),
            ("met", "within the limit", "text", lambda one: "yes" if one.met else "no"),
            ("metric", result.metric, "share", lambda one: one.metric.value),
            ("low", "from", "share", lambda one: one.metric.low),
            ("high", "to", "share", lambda one: one.metric.high),
            ("examples", "examples", "count", lambda one: one.metric.examples),
            ("lost", "lost", "change", lambda one: one.lost),
        ],
        marked=[place for place, one in enumerate(result.candidates) if one.name == result.made_by],
        drop_empty=True,
    )
