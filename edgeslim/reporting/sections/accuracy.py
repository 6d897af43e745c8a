"""The section with how right a model is on devices, beside Paddle, by pictures of a task."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgeslim.counts import format_count
from edgeslim.reporting.document import Block, ReportSection, Text, table_of
from edgeslim.reporting.evidence import Evidence
from edgeslim.runs.device_accuracy import DeviceAccuracy, PairedMetric

__all__ = ["accuracy"]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Evaluated:
    """An evaluation, and the device that it was made on."""

    device: str
    found: DeviceAccuracy

    @property
    def title(self) -> str:
        """Device, precision, engine and number of threads."""
        engine = f", {self.found.engine}" if self.found.engine else ""
        threads = format_count(self.found.threads, "thread")
        return f"{self.device}, {self.found.precision.value}{engine}, {threads}"


_COLUMNS = [
    ("where", "on", "text", lambda row: row[0].title),
    ("metric", "metric", "text", lambda row: row[1].name),
    ("device", "device", "share", lambda row: row[1].device.value),
    ("paddle", "Paddle", "share", lambda row: row[1].paddle.value),
    ("difference", "difference", "text", lambda row: _points(row[1].difference)),
    ("interval", "interval", "text", lambda row: " to ".join(map(_points, row[1].interval))),
    ("only_device", "only device right", "count", lambda row: row[1].only_device),
    ("only_paddle", "only Paddle right", "count", lambda row: row[1].only_paddle),
    ("images", "pictures", "count", lambda row: row[0].found.images),
]

_PICTURES = [
    ("index", "picture", "text", lambda one: f"{one.index} {one.name}".strip()),
    ("truth", "right is", "text", lambda one: one.truth),
    ("device", "device", "text", lambda one: one.device),
    ("paddle", "Paddle", "text", lambda one: one.paddle),
    ("difference", "outputs apart", "share", lambda one: one.difference),
]


def accuracy(evidence: Evidence) -> ReportSection | None:
    """Makes the section, if the model was shown a task's pictures on a device."""
    newest = list(_newest(evidence))
    if not newest:
        return None
    rows: list[tuple[_Evaluated, PairedMetric]] = [
        (own, metric) for own in newest for metric in own.found.metrics
    ]
    blocks: list[Block] = [Text(text=_sentence(own)) for own in newest]
    blocks.append(table_of(rows, _COLUMNS, drop_empty=True))
    blocks += [
        table_of(
            own.found.disagreements,
            _PICTURES,
            title=f"Pictures that disagree most: {own.title}",
            folded=True,
        )
        for own in newest
        if own.found.disagreements
    ]
    methods = dict.fromkeys(f"{metric.method}, {metric.level:.0%}" for _, metric in rows)
    blocks.append(Text(text=f"Intervals of differences: {'; '.join(methods)}."))
    return ReportSection(key="accuracy", title="Accuracy on the device", blocks=blocks)


def _newest(evidence: Evidence) -> Iterator[_Evaluated]:
    """The newest evaluation for each task, device, precision, engine and number of threads."""
    dated = [
        (record.created, record.device.name, record.accuracy) for record in evidence.evaluations
    ]
    dated += [
        (record.created, record.device.name, found)
        for record in evidence.deployments
        for found in record.evaluations
    ]
    newest: dict[tuple[object, ...], _Evaluated] = {}
    for _, device, found in sorted(dated, key=lambda entry: entry[0]):
        key = (found.task, device, found.precision, found.engine, found.threads)
        newest[key] = _Evaluated(device=device, found=found)
    yield from newest.values()


def _sentence(own: _Evaluated) -> str:
    """What the newest evaluation says, with what people should know of it."""
    found, metric = own.found, own.found.metrics[0]
    low, high = metric.interval
    text = (
        f"{own.title}: {metric.name} {metric.device.value:.2%}, and {metric.paddle.value:.2%} by "
        f"Paddle on the same {format_count(found.images, 'picture')} of {found.task}. "
    )
    if high < 0:
        text += "The device is worse, beyond what the pictures leave open."
    elif low > 0:
        text += "The device is better, beyond what the pictures leave open."
    else:
        text += (
            "The pictures show no difference; one of up to "
            f"{100 * max(-low, high):.2f} points is not ruled out."
        )
    apart = f"outputs are {found.largest_difference:.2g} of the largest apart at most."
    if found.same_answers is None:
        text += f" {apart.capitalize()}"
    else:
        text += f" Both give the same answer to {found.same_answers:,}; {apart}"
    if found.not_finite:
        text += f" For {format_count(found.not_finite, 'picture')} there are no finite numbers."
    return " ".join([text, *(f"{note}." for note in found.notes)])


def _points(share: float) -> str:
    return f"{100 * share:+.2f} points"
