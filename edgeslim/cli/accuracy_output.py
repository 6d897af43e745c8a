"""How right a model is on a device, beside Paddle, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from edgeslim.counts import format_count
from edgeslim.runs.device_accuracy import DeviceAccuracy, Disagreement, PairedMetric

__all__ = ["accuracy_lines"]


def accuracy_lines(found: DeviceAccuracy, device: str) -> list[str]:
    """Lines with the metrics of both, their difference, and the pictures that disagree most.

    Args:
        found: Metrics, disagreements and times.
        device: Name of the device.
    """
    shown = f"{found.images:,} of {format_count(found.available, 'picture')}"
    threads = format_count(found.threads, "thread")
    rate = f"{found.images_per_s:,.0f} pictures a second"
    return [
        f"{found.task}: {shown} on {device}, {found.precision.value}, {threads}",
        *(line for metric in found.metrics for line in _metric_lines(metric, device)),
        _agreement(found),
        *(_disagreement(one, device) for one in found.disagreements),
        f"{rate}; {found.runs_s:.1f} s of runs in {found.device_s:.1f} s",
        *found.notes,
    ]


def _metric_lines(metric: PairedMetric, device: str) -> Iterator[str]:
    low, high = (f"{100 * end:+.2f}" for end in metric.interval)
    yield (
        f"{metric.name}: {device} {metric.device.value:.2%}, Paddle {metric.paddle.value:.2%}; "
        f"difference {100 * metric.difference:+.2f} points ({low} to {high}, {metric.level:.0%})"
    )
    if metric.p_value is not None:
        yield (
            f"  only {device} is right on {metric.only_device:,}, only Paddle on "
            f"{metric.only_paddle:,}: p = {metric.p_value:.2g}"
        )


def _agreement(found: DeviceAccuracy) -> str:
    text = f"outputs are {found.largest_difference:.2g} of the largest apart at most"
    if found.same_answers is not None:
        shown = format_count(found.images, "picture")
        text = f"the same answer to {found.same_answers:,} of {shown}; {text}"
    if found.not_finite:
        text += f"; no finite numbers for {format_count(found.not_finite, 'picture')}"
    return text


def _disagreement(one: Disagreement, device: str) -> str:
    name = f" {one.name}" if one.name else ""
    far = "" if one.difference is None else f", outputs {one.difference:.2g} apart"
    answers = (
        f": {device} {one.device}, Paddle {one.paddle}, right {one.truth}" if one.truth else ""
    )
    return f"  picture {one.index}{name}{answers}{far}"
