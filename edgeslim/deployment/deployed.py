"""What a deployment gives: each model in each way that it was tried, and what to make of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot
from pathlib import Path

from edgeslim.deployment.judgement import OutputDifference, is_rounding
from edgeslim.deployment.sustained import Sustained
from edgeslim.durations import format_ms
from edgeslim.execution import Precision, Target
from edgeslim.measurement import Measurement
from edgeslim.prediction.predictor import Prediction
from edgeslim.runs.deployment_records import DeploymentRecord, SpeedupRecord

__all__ = [
    "Deployed",
    "Deployment",
    "Failed",
    "disappointments",
    "doubts",
    "told_way",
    "with_fastest",
]


_SAME_WITHIN = 0.03
"""Of each other: so much the same kernels differ from process to process, by where memory lies."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployed:
    """One model on a device, run in one way.

    Args:
        name: Short name.
        optimized: The file that the device runs.
        target: What it is converted for.
        size_bytes: Its size.
        precision: What it is converted to.
        computes_in: What its kernels compute in, read from the file: ``fp32``, ``int8``, ``fp16``.
        threads: Threads that it ran with; None if it was only converted.
        prediction: What the table says, if there is one of this precision and thread count.
        measurement: What the device took, unless the model was only converted.
        difference: How far its outputs are from Paddle's.
        proved_by: What proved them right: the device, or as `edgeslim.deployment.proving` says.
        without_meaning: Operators that only a runtime of another processor has proved.
        unproved: What nothing has proved of it, a line each.
        target_ms: The limit it was made for, if any.
        speed: How fast the device was over how fast it was when the table was measured, by
            the reference operator; 1 is the same.
        sustained: Latency over time, if that was asked for.
        fastest: Whether no other way was faster.
        id: What its record calls it; empty if it was only converted.
    """

    name: str
    optimized: Path
    target: Target
    size_bytes: int
    precision: Precision = Precision.FP32
    computes_in: tuple[str, ...] = ()
    threads: int | None = None
    prediction: Prediction | None = None
    measurement: Measurement | None = None
    difference: OutputDifference | None = None
    proved_by: tuple[str, ...] = ()
    without_meaning: tuple[str, ...] = ()
    unproved: tuple[str, ...] = ()
    target_ms: float | None = None
    speed: float | None = None
    sustained: Sustained | None = None
    fastest: bool = False
    id: str = ""

    @property
    def error_percent(self) -> float | None:
        """How much the prediction is above the measurement, in percent of the latter."""
        if self.prediction is None or self.measurement is None or self.prediction.missing:
            return None
        return 100 * (self.prediction.total_ms / self.measurement.latency_ms - 1)

    @property
    def met_target(self) -> bool | None:
        """Whether the measured latency is within the limit."""
        if self.target_ms is None or self.measurement is None:
            return None
        return self.measurement.latency_ms <= self.target_ms


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """A way that a model cannot be run in, among others that it can.

    Args:
        name: Short name of the model.
        target, precision, threads: The way.
        reason: One line.
    """

    name: str
    target: Target
    precision: Precision
    threads: int | None
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """All models of one call, and where they are.

    Args:
        folder: Where.
        device: Name of the device; empty if they were only converted.
        models: What was converted, and measured on a device.
        failed: What was asked for and cannot be had.
        warnings: What somebody should know before shipping one of them, a line each.
        baselines: What they are compared with, once for each number of threads.
        record: All that is known of the deployment; None if models were only converted.
        history: The file that it was added to.
    """

    folder: Path
    device: str
    models: tuple[Deployed, ...]
    failed: tuple[Failed, ...] = ()
    warnings: tuple[str, ...] = ()
    baselines: tuple[Deployed, ...] = ()
    record: DeploymentRecord | None = None
    history: Path | None = None

    def speedup(self, model: Deployed) -> SpeedupRecord | None:
        """How much faster than the baseline one of the models is, if there is one."""
        found = () if self.record is None else self.record.speedups
        return next((each for each in found if each.model == model.id), None)


def with_fastest(models: Sequence[Deployed]) -> tuple[Deployed, ...]:
    """The same, with the one marked that was fastest.

    Of those that are as fast, by the rule of `disappointments`, it is the plainest: fp32 before
    other precisions, then the fewest threads.
    """
    measured = [each for each in models if each.measurement is not None]
    best = min(measured, key=_latency_ms, default=None)
    as_fast = [each for each in measured if best is not None and not _ratio(each, best)[0]]
    plainest = min(as_fast, key=_plainness, default=None)
    return tuple(replace(each, fastest=each is plainest) for each in models)


def disappointments(models: Sequence[Deployed]) -> tuple[str, ...]:
    """Ways that ought to be faster than a plainer one and were not, a line each.

    Lower precision is compared with fp32 of as many threads, and more threads with the fewest of
    the same precision. What differs by less than twice the standard errors of both medians, or by
    less than 3 %, is called as fast.
    """
    measured = [each for each in models if each.measurement is not None]
    pairs = [
        (each, plain)
        for each in measured
        for plain in (_in_fp32(each, measured), _with_fewest_threads(each, measured))
        if plain is not None
    ]
    return tuple(line for each, plain in pairs if (line := _not_faster(each, plain)))


def doubts(models: Sequence[Deployed]) -> tuple[str, ...]:
    """Ways whose outputs are accepted though rounding does not explain them, a line each."""
    return tuple(
        f"{each.name} in {told_way(each.precision, each.threads)}: "
        f"{100 * each.difference.rough:.2g} % of its outputs differ from Paddle's by more than "
        f"rounding, up to {each.difference.max_rel:.1e} of the largest: some operator computes a "
        "slightly other function"
        for each in models
        if each.difference is not None
        and each.precision is Precision.FP32
        and not is_rounding(each.difference)
    )


def told_way(precision: Precision, threads: int | None) -> str:
    """A way to run, in words."""
    if threads is None:
        return precision.value
    return f"{precision.value} with {threads} thread{'' if threads == 1 else 's'}"


def _in_fp32(each: Deployed, measured: Sequence[Deployed]) -> Deployed | None:
    if each.precision is Precision.FP32:
        return None
    alike = [other for other in measured if other.threads == each.threads]
    return next((other for other in alike if other.precision is Precision.FP32), None)


def _with_fewest_threads(each: Deployed, measured: Sequence[Deployed]) -> Deployed | None:
    alike = [other for other in measured if other.precision is each.precision]
    fewest = min(alike, key=lambda other: other.threads or 0)
    return None if fewest.threads == each.threads else fewest


def _not_faster(each: Deployed, plain: Deployed) -> str:
    """What there is to say if it is not faster; nothing if it is."""
    sign, ratio = _ratio(each, plain)
    if sign < 0:
        return ""
    how = f"{ratio - 1:.0%} slower" if sign > 0 else "not faster"
    return (
        f"{told_way(each.precision, each.threads)} is {how} than "
        f"{told_way(plain.precision, plain.threads)} "
        f"({format_ms(_latency_ms(each))} and {format_ms(_latency_ms(plain))})"
    )


def _ratio(each: Deployed, other: Deployed) -> tuple[int, float]:
    """Whether it took longer (1), less long (-1) or as long (0) as another; and how many times."""
    ratio = _latency_ms(each) / _latency_ms(other)
    errors = [way.measurement.standard_error for way in (each, other) if way.measurement]
    error = max(_SAME_WITHIN, 2 * hypot(*errors))
    return (1 if ratio > 1 + error else -1 if ratio < 1 - error else 0), ratio


def _plainness(each: Deployed) -> tuple[bool, int, float]:
    return each.precision is not Precision.FP32, each.threads or 0, _latency_ms(each)


def _latency_ms(each: Deployed) -> float:
    return float("inf") if each.measurement is None else each.measurement.latency_ms
