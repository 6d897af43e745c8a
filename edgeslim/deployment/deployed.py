"""The result of a deployment or a conversion: every variant, the fastest, and warnings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from pathlib import Path

import msgspec

from edgeslim.deployment.judgement import OutputDifference, is_rounding
from edgeslim.deployment.sustained import Sustained
from edgeslim.durations import format_ms
from edgeslim.execution import Precision, Target
from edgeslim.runs.deployment_records import (
    DeploymentRecord,
    FailedRecord,
    ModelRecord,
    ModelRole,
    OutputRecord,
    SpeedupRecord,
)

__all__ = [
    "ConvertedModel",
    "ConvertedModels",
    "Deployment",
    "format_variant",
    "mark_fastest",
    "rounding_warning",
    "slowness_warnings",
]


_SAME_WITHIN = 0.03
"""Relative difference below which two latencies are called equal: so much the same kernels differ
from process to process, by where memory lies."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """A deployment that was measured, and where it is kept.

    Args:
        record: Everything that is known of the deployment.
        folder: Folder with the converted models.
        history: File that the record was added to.
        sustained: Samples of a sustained run of the model, if that was asked for.
    """

    record: DeploymentRecord
    folder: Path
    history: Path
    sustained: Sustained | None = None

    @property
    def models(self) -> tuple[ModelRecord, ...]:
        """Variants of the model."""
        return tuple(model for model in self.record.models if model.role is ModelRole.MODEL)

    @property
    def baselines(self) -> tuple[ModelRecord, ...]:
        """Variants of the baseline, one for each number of threads."""
        return tuple(model for model in self.record.models if model.role is ModelRole.BASELINE)

    @property
    def device(self) -> str:
        """Name of the device."""
        return self.record.device.name

    @property
    def failures(self) -> tuple[FailedRecord, ...]:
        """Variants that were asked for and cannot be converted or run."""
        return self.record.failed

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before one of the models is shipped, a line each."""
        return self.record.warnings

    def speedup(self, model: ModelRecord) -> SpeedupRecord | None:
        """How much faster than the baseline one of the models is, if there is one."""
        return next((found for found in self.record.speedups if found.model == model.id), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class ConvertedModel:
    """A model that was converted for a target and a precision, and not measured.

    Args:
        name: Short name of the model.
        optimized: Path of the converted file.
        target: Kind of processor that it is converted for.
        size_bytes: Size of that file.
        precision: Precision that it is converted to.
        kernels: What its kernels compute in, read from the file: ``fp32``, ``int8``, ``fp16``.
        outputs: How far its outputs are from Paddle's, and what proved that.
        unproved: Parts that nothing has proved, a sentence each.
    """

    name: str
    optimized: Path
    target: Target
    size_bytes: int
    precision: Precision
    kernels: tuple[str, ...]
    outputs: OutputRecord
    unproved: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ConvertedModels:
    """The result of a conversion without a device.

    Args:
        folder: Folder with the converted models.
        models: The converted models, by target and precision.
        failures: Variants that were asked for and cannot be converted.
        warnings: What to know before one of them is shipped, a line each.
    """

    folder: Path
    models: tuple[ConvertedModel, ...]
    failures: tuple[FailedRecord, ...] = ()
    warnings: tuple[str, ...] = ()


def mark_fastest(models: Sequence[ModelRecord]) -> tuple[ModelRecord, ...]:
    """The same variants, with the fastest marked.

    Of those that are equally fast, by the rule of `slowness_warnings`, it is the plainest: fp32
    before other precisions, then the fewest threads.
    """
    best = min(models, key=lambda model: model.latency_ms, default=None)
    as_fast = [model for model in models if best is not None and not _ratio(model, best)[0]]
    plainest = min(as_fast, key=_plainness, default=None)
    return tuple(msgspec.structs.replace(model, fastest=model is plainest) for model in models)


def slowness_warnings(models: Sequence[ModelRecord]) -> tuple[str, ...]:
    """Warnings of variants that ought to be faster than a plainer one and were not.

    Lower precision is compared with fp32 of as many threads, and more threads with the fewest of
    the same precision. What differs by less than twice the standard errors of both medians, or by
    less than 3 %, is called as fast.
    """
    pairs = [
        (model, plain)
        for model in models
        for plain in (_in_fp32(model, models), _with_fewest_threads(model, models))
        if plain is not None
    ]
    return tuple(line for model, plain in pairs if (line := _not_faster(model, plain)))


def rounding_warning(
    name: str, precision: Precision, threads: int | None, difference: OutputDifference
) -> str:
    """The warning of a variant with accepted outputs that rounding does not explain, or empty."""
    if precision is not Precision.FP32 or is_rounding(difference):
        return ""
    return (
        f"{name} in {format_variant(precision, threads)}: "
        f"{100 * difference.rough:.2g} % of its outputs differ from Paddle's by more than "
        f"rounding, up to {difference.max_rel:.1e} of the largest: some operator computes a "
        "slightly other function"
    )


def format_variant(precision: Precision, threads: int | None, engine: str = "") -> str:
    """Text of a variant, such as ``fp32 with 2 threads``, with its engine if there was a choice."""
    how = f"{engine} in {precision.value}" if engine else precision.value
    if threads is None:
        return how
    return f"{how} with {threads} thread{'' if threads == 1 else 's'}"


def _in_fp32(model: ModelRecord, models: Sequence[ModelRecord]) -> ModelRecord | None:
    if model.precision is Precision.FP32:
        return None
    alike = [
        other for other in models if other.threads == model.threads and other.engine == model.engine
    ]
    return next((other for other in alike if other.precision is Precision.FP32), None)


def _with_fewest_threads(model: ModelRecord, models: Sequence[ModelRecord]) -> ModelRecord | None:
    alike = [
        other
        for other in models
        if other.precision is model.precision and other.engine == model.engine
    ]
    fewest = min(alike, key=lambda other: other.threads)
    return None if fewest.threads == model.threads else fewest


def _not_faster(model: ModelRecord, plain: ModelRecord) -> str:
    """The warning if a variant is not faster than a plainer one; nothing if it is."""
    sign, ratio = _ratio(model, plain)
    if sign < 0:
        return ""
    how = f"{ratio - 1:.0%} slower" if sign > 0 else "not faster"
    return (
        f"{format_variant(model.precision, model.threads, model.engine)} is {how} than "
        f"{format_variant(plain.precision, plain.threads)} "
        f"({format_ms(model.latency_ms)} and {format_ms(plain.latency_ms)})"
    )


def _ratio(model: ModelRecord, other: ModelRecord) -> tuple[int, float]:
    """Whether it took longer (1), less long (-1) or as long (0) as another; and how many times."""
    ratio = model.latency_ms / other.latency_ms
    errors = [one.measurement.standard_error for one in (model, other)]
    error = max(_SAME_WITHIN, 2 * hypot(*errors))
    return (1 if ratio > 1 + error else -1 if ratio < 1 - error else 0), ratio


def _plainness(model: ModelRecord) -> tuple[bool, int, float]:
    return model.precision is not Precision.FP32, model.threads, model.latency_ms
