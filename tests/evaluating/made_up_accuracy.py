"""An evaluation on a device that nobody made."""

from __future__ import annotations

from edgeslim.execution import Precision
from edgeslim.runs.device_accuracy import DeviceAccuracy, Disagreement, PairedMetric
from edgeslim.training.metric_value import MetricValue

__all__ = ["FOUND", "METRIC"]

METRIC = PairedMetric(
    name="accuracy",
    device=MetricValue(value=0.9, examples=500),
    paddle=MetricValue(value=0.92, examples=500),
    difference=-0.02,
    interval=(-0.034, -0.008),
    level=0.95,
    method="made up",
    only_device=2,
    only_paddle=12,
    p_value=0.013,
)
FOUND = DeviceAccuracy(
    model="net",
    task="fashion_mnist",
    precision=Precision.INT8,
    threads=1,
    sha256="",
    images=500,
    available=10_000,
    metrics=(METRIC,),
    same_answers=480,
    not_finite=0,
    largest_difference=0.25,
    disagreements=(
        Disagreement(
            index=17,
            name="dog/17.jpg",
            truth="dog",
            device="cat (0.6)",
            paddle="dog (0.7)",
            differs=True,
            difference=0.25,
        ),
    ),
    runs_s=2.0,
    device_s=2.5,
)
