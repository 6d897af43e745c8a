"""The section that says why predicted and measured latency differ, as far as it is known."""

from __future__ import annotations

from edgeslim.reporting.document import Block, Items, NumberUnit, ReportSection, Text
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.number_format import (
    format_ms,
    format_ms_interval,
    format_percent,
    format_value,
)
from edgeslim.runs.deployment_records import ModelRecord

__all__ = ["differences"]

_NINETY = format_percent(0.9, 0)


def differences(evidence: Evidence) -> ReportSection | None:
    """Makes the section of the newest deployment; None where nothing was predicted."""
    record, subject = evidence.latest, evidence.subject
    if record is None or subject is None:
        return None
    blocks: list[Block] = []
    if subject.predicted_ms is not None:
        blocks.append(Text(text=_sentence(subject, subject.predicted_ms)))
    if record.reasons:
        blocks.append(
            Items(
                title="What the deployment noticed, the likeliest cause first", items=record.reasons
            )
        )
    if not blocks:
        return None
    return ReportSection(key="reasons", title="Why predicted and measured differ", blocks=blocks)


def _sentence(subject: ModelRecord, predicted_ms: float) -> str:
    error = predicted_ms / subject.latency_ms - 1
    direction = "high" if error > 0 else "low"
    text = (
        f"The prediction for {subject.name}, {format_ms(predicted_ms)}, is "
        f"{format_value(abs(error), NumberUnit.SHARE)} too {direction}"
    )
    interval = subject.predicted_interval_ms
    if interval is None:
        return f"{text}."
    if interval[0] <= subject.latency_ms <= interval[1]:
        return (
            f"{text}; the measured {format_ms(subject.latency_ms)} is within its {_NINETY} "
            f"interval, {format_ms_interval(interval)}, so nothing has to be explained."
        )
    return (
        f"{text}; the measured {format_ms(subject.latency_ms)} is outside its {_NINETY} interval, "
        f"{format_ms_interval(interval)}."
    )
