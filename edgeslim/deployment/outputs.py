"""A converted model's outputs beside Paddle's, before any of its times is believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.errors import ModelError
from edgeslim.paddle_io.export import run_in_paddle
from edgeslim.profiling.device_session import DeviceSession
from edgeslim.runner.batch import run_batch
from edgeslim.runner.job import Job
from edgeslim.runner.protocol import Entry, Input

__all__ = ["OutputDifference", "compare_outputs"]

_ALLOWED = 1e-3
"""Largest difference over largest value: fp32 kernels that sum in another order are far below."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputDifference:
    """How far a device's outputs are from Paddle's, over all outputs.

    Args:
        max_abs: Largest absolute difference.
        max_rel: Largest difference over the largest value of the same output.
    """

    max_abs: float
    max_rel: float


def compare_outputs(
    session: DeviceSession, model: PreparedModel, file: OptimizedFile, folder: Path
) -> OutputDifference:
    """Runs the same input through the device and through Paddle.

    Args:
        session: The device.
        model: The model as it came.
        file: The same, converted.
        folder: For files on the way.

    Raises:
        RunnerError, ProgramError: The device does not run it, or gives no finite numbers.
        ModelError: The outputs are not Paddle's.
    """
    generator = np.random.default_rng(0)
    inputs = {
        name: generator.standard_normal(shape).astype(np.float32)
        for name, shape in model.graph.feeds.items()
    }
    found = _on_device(session, file, list(inputs.values()), len(model.graph.fetches), folder)
    expected = run_in_paddle(model.prefix, inputs)
    difference = _difference(expected, found)
    if not difference.max_rel <= _ALLOWED:
        raise ModelError(
            f"{model.name} computes something else on {session.profile.name}: its outputs "
            f"differ from Paddle's by {difference.max_rel:.2g} of their largest value"
        )
    return difference


def _on_device(
    session: DeviceSession,
    file: OptimizedFile,
    inputs: Sequence[np.ndarray[Any, Any]],
    output_count: int,
    folder: Path,
) -> list[np.ndarray[Any, Any]]:
    """The outputs of an optimized model on the device."""
    files = {file.path.name: file.path}
    described = []
    for index, array in enumerate(inputs):
        name = f"input{index}.npy"
        np.save(folder / name, array)
        files[name] = folder / name
        described.append(Input(shape=array.shape, file=name))
    outputs = [f"output{index}.npy" for index in range(output_count)]
    job = Job(
        entry=Entry(
            id="outputs",
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
    (outcome,) = run_batch(session.runner, [job])
    if outcome.error is not None:
        raise outcome.error
    return [np.load(folder / name, allow_pickle=False) for name in outputs]


def _difference(
    expected: Sequence[np.ndarray[Any, Any]], found: Sequence[np.ndarray[Any, Any]]
) -> OutputDifference:
    max_abs = max_rel = 0.0
    for truth, output in zip(expected, found, strict=True):
        if truth.size != output.size:
            raise ModelError(f"an output has shape {output.shape} and should have {truth.shape}")
        difference = float(np.max(np.abs(truth.ravel() - output.ravel()), initial=0.0))
        scale = float(np.max(np.abs(truth), initial=0.0))
        max_abs = max(max_abs, difference)
        max_rel = max(max_rel, difference / scale if scale > 0 else difference)
    return OutputDifference(max_abs=max_abs, max_rel=max_rel)
