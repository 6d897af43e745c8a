"""Why predicted and measured differ, as far as the deployment could tell."""

from __future__ import annotations

from edgeslim.reporting.document import Block, Items, Section, Text, Unit
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.numbers import ms, ms_between, percent, shown
from edgeslim.runs.deployment_records import ModelRecord

__all__ = ["differences"]

_NINETY = percent(0.9, 0)


def differences(evidence: Evidence) -> Section | None:
    """What was said of the newest deployment; nothing where there was no prediction."""
    record, subject = evidence.latest, evidence.subject
    if record is None or subject is None:
        return None
    blocks: list[Block] = []
    if subject.predicted_ms is not None:
        blocks.append(Text(text=_sentence(subject, subject.predicted_ms)))
    if record.reasons:
        blocks.append(
            Items(
                title="What the deployment noticed, what explains most first", items=record.reasons
            )
        )
    if not blocks:
        return None
    return Section(key="reasons", title="Why predicted and measured differ", blocks=blocks)


def _sentence(subject: ModelRecord, predicted_ms: float) -> str:
    error = predicted_ms / subject.latency_ms - 1
    way = "high" if error > 0 else "low"
    told = (
        f"The prediction for {subject.name}, {ms(predicted_ms)}, is "
        f"{shown(abs(error), Unit.SHARE)} too {way}"
    )
    interval = subject.predicted_interval_ms
    if interval is None:
        return f"{told}."
    if interval[0] <= subject.latency_ms <= interval[1]:
        return (
            f"{told}; the measured {ms(subject.latency_ms)} is within its {_NINETY} interval, "
            f"{ms_between(interval)}, so nothing has to be explained."
        )
    return (
        f"{told}; the measured {ms(subject.latency_ms)} is outside its {_NINETY} interval, "
        f"{ms_between(interval)}."
    )
