"""Outputs of a converted model on a device, and the check that they are Paddle's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.deployment.judgement import (
    Array,
    OutputDifference,
    describe_difference,
    is_acceptable,
)
from edgeslim.errors import EdgeslimError, ModelError, ProgramError, RunnerError
from edgeslim.execution import Precision
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.runner.batch import run_batch
from edgeslim.runner.job import Job
from edgeslim.runner.protocol import Entry, Input

__all__ = ["check_outputs", "outputs_on_device", "outputs_or_errors"]


def check_outputs(
    difference: OutputDifference,
    model: PreparedModel,
    precision: Precision,
    where: str,
    rounding: OutputDifference | None = None,
) -> None:
    """Checks that outputs are those of the model, by the rule of their precision.

    Args:
        difference: How far they are from Paddle's.
        model: The model as it was prepared.
        precision: Precision that it was converted to.
        where: What computed them, as a part of the sentence that refuses them.
        rounding: In fp16, how far rounding alone takes them, if that is known.

    Raises:
        ModelError: They are other outputs.
    """
    if is_acceptable(difference, precision, rounding):
        return
    exact = precision is Precision.FP32
    outputs = model.graph.fetches
    which = f" {outputs[difference.worst]!r}" if len(outputs) > 1 else ""
    raise ModelError(
        f"{model.name} computes something else {where}"
        f"{'' if exact else f' in {precision.value}'}: its outputs{which} differ from "
        f"Paddle's {describe_difference(difference, precision, rounding)}"
    )


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
    found = []
    for end in outputs_or_errors(session, file, inputs, output_count, folder):
        if isinstance(end, EdgeslimError):
            raise end
        found.append(end)
    return found


def outputs_or_errors(
    session: DeviceSession,
    file: OptimizedFile,
    inputs: Sequence[Sequence[Array]],
    output_count: int,
    folder: Path,
) -> list[list[Array] | ProgramError | RunnerError]:
    """As `outputs_on_device`, with an error in place of the outputs of inputs that failed."""
    jobs = [
        _job(file, arrays, output_count, folder, number) for number, arrays in enumerate(inputs)
    ]
    return [
        outcome.error or [np.load(path, allow_pickle=False) for path in job.outputs.values()]
        for job, outcome in zip(jobs, run_batch(session.runner, jobs), strict=True)
    ]


def _job(
    file: OptimizedFile, arrays: Sequence[Array], output_count: int, folder: Path, number: int
) -> Job:
    files = file.files
    described = []
    for place, array in enumerate(arrays):
        name = f"input{number}_{place}.npy"
        np.save(folder / name, array, allow_pickle=False)
        files[name] = folder / name
        described.append(Input(shape=array.shape, dtype=array.dtype.name, file=name))
    outputs = [f"output{number}_{place}.npy" for place in range(output_count)]
    return Job(
        entry=Entry(
            id=f"{file.path.name}, input {number + 1}",
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
