"""Latency, accuracy and size of two runs beside each other, each with its interval."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgeslim.counts import format_count
from edgeslim.reporting.document import (
    Fact,
    NumberOrigin,
    NumberUnit,
    RecordColumn,
    Table,
    table_of,
)
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.number_format import format_value
from edgeslim.reporting.sections.quantities import memory_bytes
from edgeslim.reporting.sections.variants import format_variant
from edgeslim.runs.deployment_records import ModelRecord, ModelRole
from edgeslim.training.metric_value import MetricValue

__all__ = [
    "LATENCY_COLUMNS",
    "OTHER_COLUMNS",
    "Accuracy",
    "MeasuredModel",
    "accuracy_of",
    "side_facts",
    "sides_table",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Accuracy:
    """The accuracy of a run's model.

    Args:
        metric: Name of the metric.
        value: The metric from 0 to 1.
        interval: Its 95 % interval; None where the run does not know it.
        examples: Number of examples that it was computed on; None where the run does not know it.
    """

    metric: str
    value: float
    interval: tuple[float, float] | None = None
    examples: int | None = None


def accuracy_of(evidence: Evidence) -> Accuracy | None:
    """The accuracy of the model of a run; None if the run knows none.

    What the device was measured to give comes first, then what the run's own result says.
    """
    on_device = _on_device(evidence)
    if on_device is not None:
        return on_device
    if evidence.pruning_result is not None and evidence.pruning_result.metric_after is not None:
        pruning = evidence.pruning_result
        known = pruning.judged.get("after")
        value = pruning.metric_after or 0.0
        return _with_interval(pruning.metric or "metric", value, known)
    if evidence.result is not None:
        won = evidence.result
        return _with_interval(won.metric, won.trained_accuracy, won.judged)
    if evidence.compression is not None and evidence.compression.metrics:
        name, value = next(iter(evidence.compression.metrics.items()))
        judged = [epoch.judged for epoch in evidence.compression.history if epoch.judged]
        known = judged[-1].get(name) if judged else None
        return _with_interval(name, value, known)
    record = evidence.latest
    if record is not None and record.accuracy is not None:
        return Accuracy(metric=record.accuracy.metric, value=record.accuracy.value)
    return None


def _on_device(evidence: Evidence) -> Accuracy | None:
    """The accuracy of the model that would be shipped, as the newest evaluation found it."""
    record, subject = evidence.latest, evidence.subject
    found = [] if record is None else list(record.evaluations)
    own = [one for one in found if subject is not None and one.model == subject.id]
    newest = [*(own or [record.accuracy for record in evidence.evaluations[-1:]])]
    for metric in newest[-1].metrics[:1] if newest else ():
        return _with_interval(metric.name, metric.device.value, metric.device)
    return None


def _with_interval(metric: str, value: float, known: MetricValue | None) -> Accuracy:
    """An accuracy with the interval of a metric value, if that is of the same value."""
    if known is None or known.value != value:
        return Accuracy(metric=metric, value=value)
    has_interval = known.low is not None and known.high is not None
    return Accuracy(
        metric=metric,
        value=value,
        interval=(known.low or 0.0, known.high or 0.0) if has_interval else None,
        examples=known.examples,
    )


@dataclass(frozen=True, kw_only=True)
class MeasuredModel:
    """A model of a run, as it was measured.

    Args:
        model: The model in the variant that was measured.
        accuracy: Its accuracy, if that is known.
    """

    model: ModelRecord
    accuracy: Accuracy | None

    @property
    def accuracy_value(self) -> float | None:
        """The metric from 0 to 1, if it is known."""
        return None if self.accuracy is None else self.accuracy.value

    @property
    def accuracy_interval(self) -> tuple[float, float] | None:
        """The interval of the metric, if it is known."""
        return None if self.accuracy is None else self.accuracy.interval

    @property
    def examples(self) -> int | None:
        """Number of examples of the metric, if it is known."""
        return None if self.accuracy is None else self.accuracy.examples


LATENCY_COLUMNS: tuple[RecordColumn[MeasuredModel], ...] = (
    ("latency_ms", "latency", "ms", lambda row: row.model.latency_ms),
    ("latency_interval_ms", "interval", "ms", lambda row: row.model.latency_interval_ms),
)
"""Columns of how long models take."""

OTHER_COLUMNS: tuple[RecordColumn[MeasuredModel], ...] = (
    ("accuracy", "accuracy", "share", lambda row: row.accuracy_value),
    ("accuracy_interval", "interval", "share", lambda row: row.accuracy_interval),
    ("examples", "examples", "count", lambda row: row.examples),
    ("size_bytes", "size", "bytes", lambda row: row.model.size_bytes),
    ("memory_bytes", "memory", "bytes", lambda row: memory_bytes(row.model.memory_mb)),
    ("load_ms", "load", "ms", lambda row: row.model.load_ms),
    ("first_run_ms", "first run", "ms", lambda row: row.model.first_run_ms),
)
"""Columns of how right models are, how large, and how they start."""


@dataclass(frozen=True, kw_only=True)
class _Row(MeasuredModel):
    """A model of one of the runs."""

    when: str
    moment: str


def _rows(before: Evidence, after: Evidence) -> Iterator[_Row]:
    for when, side in (("before", before), ("after", after)):
        record = side.latest
        for model in () if record is None else record.models:
            is_own = model.role is ModelRole.MODEL
            yield _Row(
                when=when,
                moment="" if record is None else record.created,
                model=model,
                accuracy=accuracy_of(side) if is_own else None,
            )


def sides_table(before: Evidence, after: Evidence) -> Table:
    """The models of two runs, those of the run that was deployed first before the others.

    A model's accuracy is that of its run, in the precision that it was trained in.
    """
    return table_of(
        _rows(before, after),
        [
            ("when", "when", "text", lambda row: row.when),
            ("moment", "deployed, UTC", "moment", lambda row: row.moment),
            ("model", "model", "text", lambda row: format_variant(row.model)),
            *LATENCY_COLUMNS,
            *OTHER_COLUMNS,
        ],
        title="Models of both runs, in the order of time",
        drop_empty=True,
    )


def side_facts(before: Evidence, after: Evidence) -> tuple[Fact, ...]:
    """How much accuracy, size and memory of the runs' own models changed, as far as known."""
    return (
        *_accuracy_fact(before, after),
        *_size_fact(before, after),
        *_memory_fact(before, after),
    )


def _accuracy_fact(before: Evidence, after: Evidence) -> Iterator[Fact]:
    old, new = accuracy_of(before), accuracy_of(after)
    if new is None:
        return
    known = "" if new.examples is None else f" of {format_count(new.examples, 'example')}"
    past = "not known" if old is None else format_value(old.value, NumberUnit.SHARE)
    other = "" if old is None or old.metric == new.metric else f" ({old.metric})"
    yield Fact(
        key="accuracy",
        name=new.metric,
        value=new.value,
        unit=NumberUnit.SHARE,
        origin=NumberOrigin.RECORDED,
        interval=new.interval,
        note=f"after{known}; before: {past}{other}",
    )


def _size_fact(before: Evidence, after: Evidence) -> Iterator[Fact]:
    old, new = before.subject, after.subject
    if old is not None and new is not None:
        yield Fact(
            key="size_bytes",
            name="file on the device",
            value=new.size_bytes,
            unit=NumberUnit.BYTES,
            note=f"after; before: {format_value(old.size_bytes, NumberUnit.BYTES)}",
        )


def _memory_fact(before: Evidence, after: Evidence) -> Iterator[Fact]:
    """Memory of both, where both measured it in the same way."""
    old, new = before.subject, after.subject
    if old is None or new is None or old.starts is None or new.starts is None:
        return
    past, now = memory_bytes(old.memory_mb), memory_bytes(new.memory_mb)
    if past is not None and now is not None:
        yield Fact(
            key="memory_bytes",
            name="memory of runtime and model",
            value=now,
            unit=NumberUnit.BYTES,
            origin=NumberOrigin.MEASURED,
            note=f"after; before: {format_value(past, NumberUnit.BYTES)}",
        )
