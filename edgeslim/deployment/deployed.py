"""The result of a deployment: every variant of every model, the fastest, and warnings."""

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
    "format_variant",
    "mark_fastest",
    "rounding_warnings",
    "slowness_warnings",
]


_SAME_WITHIN = 0.03
"""Relative difference below which two latencies are called equal: so much the same kernels differ
from process to process, by where memory lies."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployed:
    """One variant of a model: converted to a precision, and run on a device.

    Args:
        name: Short name of the model.
        optimized: The file that the device runs.
        target: Kind of processor that it is converted for.
        size_bytes: Size of that file.
        precision: Precision that it is converted to.
        computes_in: What its kernels compute in, read from the file: ``fp32``, ``int8``, ``fp16``.
        threads: Threads that it ran with; None if it was only converted.
        prediction: What the table says, if there is one of this precision and thread count.
        measurement: Samples on the device, unless the model was only converted.
        difference: How far its outputs are from Paddle's.
        proved_by: Names of what proved them right, see `edgeslim.deployment.claims.ProofBy`.
        without_meaning: Operators that only a runtime of another processor has proved.
        unproved: Parts that nothing has proved, a sentence each.
        target_ms: The limit it was made for, if any.
        speed: Speed of the device over its speed when the table was measured, by the reference
            operator; 1 is the same.
        sustained: Latency over time, if that was asked for.
        fastest: Whether no other variant was faster.
        id: Its id in the record; empty if it was only converted.
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
    """A variant of a model that cannot be converted or run, among others that can.

    Args:
        name: Short name of the model.
        target, precision, threads: The variant; threads are None if no number of them works.
        reason: Sentence that says why.
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
        folder: Folder with the converted models.
        device: Name of the device; empty if they were only converted.
        models: Variants that were converted, and measured on a device.
        failed: Variants that were asked for and cannot be converted or run.
        warnings: What to know before one of them is shipped, a line each.
        baselines: Variants of the baseline, one for each number of threads.
        record: Everything that is known of the deployment; None if models were only converted.
        history: File that the record was added to.
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
        return next((speedup for speedup in found if speedup.model == model.id), None)


def mark_fastest(models: Sequence[Deployed]) -> tuple[Deployed, ...]:
    """The same variants, with the fastest marked.

    Of those that are equally fast, by the rule of `slowness_warnings`, it is the plainest: fp32
    before other precisions, then the fewest threads.
    """
    measured = [model for model in models if model.measurement is not None]
    best = min(measured, key=_latency_ms, default=None)
    as_fast = [model for model in measured if best is not None and not _ratio(model, best)[0]]
    plainest = min(as_fast, key=_plainness, default=None)
    return tuple(replace(model, fastest=model is plainest) for model in models)


def slowness_warnings(models: Sequence[Deployed]) -> tuple[str, ...]:
    """Warnings of variants that ought to be faster than a plainer one and were not.

    Lower precision is compared with fp32 of as many threads, and more threads with the fewest of
    the same precision. What differs by less than twice the standard errors of both medians, or by
    less than 3 %, is called as fast.
    """
    measured = [model for model in models if model.measurement is not None]
    pairs = [
        (model, plain)
        for model in measured
        for plain in (_in_fp32(model, measured), _with_fewest_threads(model, measured))
        if plain is not None
    ]
    return tuple(line for model, plain in pairs if (line := _not_faster(model, plain)))


def rounding_warnings(models: Sequence[Deployed]) -> tuple[str, ...]:
    """Warnings of variants whose outputs are accepted though rounding does not explain them."""
    return tuple(
        f"{model.name} in {format_variant(model.precision, model.threads)}: "
        f"{100 * model.difference.rough:.2g} % of its outputs differ from Paddle's by more than "
        f"rounding, up to {model.difference.max_rel:.1e} of the largest: some operator computes a "
        "slightly other function"
        for model in models
        if model.difference is not None
        and model.precision is Precision.FP32
        and not is_rounding(model.difference)
    )


def format_variant(precision: Precision, threads: int | None) -> str:
    """Text of a variant, such as ``fp32 with 2 threads``."""
    if threads is None:
        return precision.value
    return f"{precision.value} with {threads} thread{'' if threads == 1 else 's'}"


def _in_fp32(model: Deployed, measured: Sequence[Deployed]) -> Deployed | None:
    if model.precision is Precision.FP32:
        return None
    alike = [other for other in measured if other.threads == model.threads]
    return next((other for other in alike if other.precision is Precision.FP32), None)


def _with_fewest_threads(model: Deployed, measured: Sequence[Deployed]) -> Deployed | None:
    alike = [other for other in measured if other.precision is model.precision]
    fewest = min(alike, key=lambda other: other.threads or 0)
    return None if fewest.threads == model.threads else fewest


def _not_faster(model: Deployed, plain: Deployed) -> str:
    """The warning if a variant is not faster than a plainer one; nothing if it is."""
    sign, ratio = _ratio(model, plain)
    if sign < 0:
        return ""
    how = f"{ratio - 1:.0%} slower" if sign > 0 else "not faster"
    return (
        f"{format_variant(model.precision, model.threads)} is {how} than "
        f"{format_variant(plain.precision, plain.threads)} "
        f"({format_ms(_latency_ms(model))} and {format_ms(_latency_ms(plain))})"
    )


def _ratio(model: Deployed, other: Deployed) -> tuple[int, float]:
    """Whether it took longer (1), less long (-1) or as long (0) as another; and how many times."""
    ratio = _latency_ms(model) / _latency_ms(other)
    errors = [one.measurement.standard_error for one in (model, other) if one.measurement]
    error = max(_SAME_WITHIN, 2 * hypot(*errors))
    return (1 if ratio > 1 + error else -1 if ratio < 1 - error else 0), ratio


def _plainness(model: Deployed) -> tuple[bool, int, float]:
    return model.precision is not Precision.FP32, model.threads or 0, _latency_ms(model)


def _latency_ms(model: Deployed) -> float:
    return float("inf") if model.measurement is None else model.measurement.latency_ms
