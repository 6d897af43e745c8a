"""A converted model's outputs beside Paddle's, before any of its times is believed.

fp32 kernels sum in another order than Paddle's and differ by less than a thousandth of the
largest output. Of lower precision no such bound is known beforehand, and how much is lost is the
task's to say (`edgeslim evaluate`); what is refused is what has nothing to do with the model: an
error of more than half the variance of Paddle's outputs (a device that ignored the model and said
the mean of its outputs would be off by all of it) that is no rounding of outputs which hardly vary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.errors import ModelError
from edgeslim.execution import Precision
from edgeslim.paddle_io.export import run_each_in_paddle
from edgeslim.profiling.device_session import DeviceSession
from edgeslim.runner.batch import run_batch
from edgeslim.runner.job import Job
from edgeslim.runner.protocol import Entry, Input

__all__ = [
    "OutputDifference",
    "Truth",
    "acceptable",
    "compare_outputs",
    "outputs_on_device",
    "paddle_truth",
]

Array = np.ndarray[Any, Any]

_ALLOWED = 1e-3
"""Largest difference over largest value: fp32 kernels that sum in another order are far below."""

_ALLOWED_LOSS = 0.5
_ROUNDING = 0.05
"""Of lower precision: share of the outputs' variance, and of their largest value, that must both
be passed before outputs are garbage. Rounding loses hundredths of the first, garbage all or more.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputDifference:
    """How far a device's outputs are from Paddle's, over all outputs of all inputs.

    Args:
        max_abs: Largest absolute difference.
        max_rel: Largest difference over the largest value of the same output.
        lost: Mean squared difference over the variance of Paddle's output, of the worst output.
        top1: Of a classifier, the share of inputs for which it says the same class.
        inputs: How many inputs they were compared for.
    """

    max_abs: float
    max_rel: float
    lost: float = 0.0
    top1: float | None = None
    inputs: int = 1


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Truth:
    """Inputs, each by name, and what Paddle computes for each."""

    inputs: tuple[Mapping[str, Array], ...]
    outputs: tuple[Sequence[Array], ...]


def paddle_truth(model: PreparedModel, count: int = 1) -> Truth:
    """What Paddle computes for some inputs of noise.

    Raises:
        ModelError: Paddle cannot load or run it.
    """
    generator = np.random.default_rng(0)
    inputs = tuple(
        {
            name: generator.standard_normal(shape).astype(np.float32)
            for name, shape in model.graph.feeds.items()
        }
        for _ in range(count)
    )
    return Truth(inputs=inputs, outputs=tuple(run_each_in_paddle(model.prefix, inputs)))


def compare_outputs(
    session: DeviceSession,
    model: PreparedModel,
    file: OptimizedFile,
    folder: Path,
    *,
    precision: Precision = Precision.FP32,
    truth: Truth | None = None,
) -> OutputDifference:
    """Runs the same inputs through the device and through Paddle.

    Args:
        session: The device.
        model: The model as it came.
        file: The same, converted.
        folder: For files on the way.
        precision: What it was converted to, which decides how much it may differ.
        truth: What Paddle computes, if that is known; otherwise it is asked for one input.

    Raises:
        RunnerError, ProgramError: The device does not run it, or gives no finite numbers.
        ModelError: The outputs are not Paddle's.
    """
    truth = truth or paddle_truth(model)
    inputs = [list(each.values()) for each in truth.inputs]
    found = outputs_on_device(session, file, inputs, len(model.graph.fetches), folder)
    difference = _difference(truth.outputs, found)
    if not acceptable(difference, precision):
        exact = precision is Precision.FP32
        raise ModelError(
            f"{model.name} computes something else on {session.profile.name}"
            f"{'' if exact else f' in {precision.value}'}: its outputs "
            f"differ from Paddle's by {difference.max_rel:.2g} of their largest value"
            f"{'' if exact else f' and by {difference.lost:.2g} of their variance'}"
        )
    return difference


def acceptable(difference: OutputDifference, precision: Precision) -> bool:
    """Whether outputs are those of the model, by the rule of their precision."""
    if precision is Precision.FP32:
        return difference.max_rel <= _ALLOWED
    return difference.lost <= _ALLOWED_LOSS or difference.max_rel <= _ROUNDING


def outputs_on_device(
    session: DeviceSession,
    file: OptimizedFile,
    inputs: Sequence[Sequence[Array]],
    output_count: int,
    folder: Path,
) -> list[list[Array]]:
    """The outputs of an optimized model on the device, for each of several lists of inputs.

    Raises:
        RunnerError, ProgramError: The device does not run it, or gives no finite numbers.
    """
    jobs = [
        _job(file, arrays, output_count, folder, number) for number, arrays in enumerate(inputs)
    ]
    found = []
    for job, outcome in zip(jobs, run_batch(session.runner, jobs), strict=True):
        if outcome.error is not None:
            raise outcome.error
        found.append([np.load(path, allow_pickle=False) for path in job.outputs.values()])
    return found


def _job(
    file: OptimizedFile, arrays: Sequence[Array], output_count: int, folder: Path, number: int
) -> Job:
    files = {file.path.name: file.path}
    described = []
    for place, array in enumerate(arrays):
        name = f"input{number}_{place}.npy"
        np.save(folder / name, array)
        files[name] = folder / name
        described.append(Input(shape=array.shape, dtype=array.dtype.name, file=name))
    outputs = [f"output{number}_{place}.npy" for place in range(output_count)]
    return Job(
        entry=Entry(
            id=f"outputs{number}",
            model=file.path.name,
            library_version=file.facts.library_version,
            kernel_targets=tuple(sorted(file.facts.targets)),
            inputs=tuple(described),
            states=(),
            keep_outputs=tuple(outputs),
        ),
        files=files,
        outputs={name: folder / name for name in outputs},
    )


def _difference(
    expected: Sequence[Sequence[Array]], found: Sequence[Sequence[Array]]
) -> OutputDifference:
    max_abs = max_rel = lost = 0.0
    for truths, outputs in zip(zip(*expected, strict=True), zip(*found, strict=True), strict=True):
        for truth, output in zip(truths, outputs, strict=True):
            if truth.size != output.size:
                raise ModelError(
                    f"an output has shape {output.shape} and should have {truth.shape}"
                )
            difference = float(np.max(np.abs(truth.ravel() - output.ravel()), initial=0.0))
            scale = float(np.max(np.abs(truth), initial=0.0))
            max_abs = max(max_abs, difference)
            max_rel = max(max_rel, difference / scale if scale > 0 else difference)
        lost = max(lost, _lost(truths, outputs))
    return OutputDifference(
        max_abs=max_abs,
        max_rel=max_rel,
        lost=lost,
        top1=_top1([each[0] for each in expected], [each[0] for each in found]),
        inputs=len(expected),
    )


def _lost(truths: Sequence[Array], outputs: Sequence[Array]) -> float:
    """Mean squared difference over the variance of what is true; of a constant, its square."""
    truth, output = (
        np.concatenate([each.ravel().astype(np.float64) for each in some])
        for some in (truths, outputs)
    )
    if not truth.size:
        return 0.0
    error = float(np.mean((truth - output) ** 2))
    spread = float(np.var(truth)) or float(np.mean(truth**2))
    return error / spread if spread > 0 else (0.0 if error == 0 else float("inf"))


def _top1(truths: Sequence[Array], outputs: Sequence[Array]) -> float | None:
    """The share of rows whose largest entry is the same; None if they are no scores of classes."""
    if any(each.ndim != 2 or each.shape[1] < 2 for each in truths):
        return None
    same = [
        truth.argmax(axis=1) == output.reshape(truth.shape).argmax(axis=1)
        for truth, output in zip(truths, outputs, strict=True)
    ]
    return float(np.mean(np.concatenate(same)))
