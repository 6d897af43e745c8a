"""The record of how right a model is on a device, beside Paddle, by the same pictures."""

from __future__ import annotations

import msgspec

from edgeslim.execution import Precision
from edgeslim.training.metric_value import MetricValue

__all__ = ["DeviceAccuracy", "Disagreement", "PairedMetric"]


class PairedMetric(msgspec.Struct, frozen=True, kw_only=True):
    """A metric of the device beside Paddle's, on the same pictures.

    Args:
        name: Name of the metric, such as ``accuracy``.
        device: The metric by the device's outputs.
        paddle: The metric by Paddle's outputs.
        difference: The device's less Paddle's, from -1 to 1; negative is a loss.
        interval: Lower and upper end of the difference's interval.
        level: Confidence level of the interval, such as 0.95.
        method: How the interval was computed, in words.
        only_device: Number of pictures that only the device has right; None if the metric is no
            share of pictures.
        only_paddle: Number of pictures that only Paddle has right; None as well.
        p_value: Chance of such a difference if both were equally right (McNemar); None as well.
    """

    name: str
    device: MetricValue
    paddle: MetricValue
    difference: float
    interval: tuple[float, float]
    level: float
    method: str
    only_device: int | None = None
    only_paddle: int | None = None
    p_value: float | None = None

    @property
    def is_loss(self) -> bool:
        """Whether the device is worse, beyond what the pictures leave open."""
        return self.interval[1] < 0


class Disagreement(msgspec.Struct, frozen=True, kw_only=True):
    """A picture on which the device and Paddle disagree.

    Args:
        index: Place of the picture among the task's validation pictures, from 0.
        name: Path of the picture; empty if the task's pictures have none.
        truth: What is right, in words.
        device: The device's answer, in words.
        paddle: Paddle's answer, in words.
        differs: Whether the two answers are different ones.
        difference: Largest difference of an output over the largest value of that output by
            Paddle; None if the device's are not finite.
    """

    index: int
    name: str
    truth: str
    device: str
    paddle: str
    differs: bool
    difference: float | None


class DeviceAccuracy(msgspec.Struct, frozen=True, kw_only=True):
    """How right a model is on a device, beside Paddle, by pictures of a task.

    Args:
        model: Id of the variant in a deployment, or the name of the model.
        task: The task as it was named.
        precision: Precision that the model was converted to.
        threads: Threads that it ran with.
        sha256: Checksum of the file that the device ran.
        images: Number of pictures that were shown.
        available: Number of validation pictures that the task has.
        metrics: The task's metrics, its own first.
        same_answers: Number of pictures with the same answer of both; None if outputs say no
            answer that could be the same, as for a metric of the task's own.
        not_finite: Number of pictures for which the device gave no finite numbers.
        largest_difference: Largest difference of an output over the largest value of that output
            by Paddle, over all pictures with finite numbers.
        disagreements: The pictures that disagree most, the worst first.
        runs_s: Seconds that the device needed for all runs, with writing inputs and reading
            outputs.
        device_s: Seconds with starting the runner and sending and fetching files.
        engine: Engine that ran it; empty is Paddle-Lite.
        notes: What people should know of it, as sentences.
    """

    model: str
    task: str
    precision: Precision
    threads: int
    sha256: str
    images: int
    available: int
    metrics: tuple[PairedMetric, ...]
    same_answers: int | None
    not_finite: int
    largest_difference: float
    disagreements: tuple[Disagreement, ...]
    runs_s: float
    device_s: float
    engine: str = ""
    notes: tuple[str, ...] = ()

    @property
    def images_per_s(self) -> float:
        """Pictures a second, with starting the runner and sending and fetching files."""
        return self.images / self.device_s if self.device_s > 0 else 0.0
