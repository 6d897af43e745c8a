"""The host's side of a series: inputs of all runs as files, and the outputs read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeslim.errors import BadFileError, RunnerError
from edgeslim.runner.job import Job, Outcome
from edgeslim.runner.protocol import Series

__all__ = ["check_series", "read_series", "with_series"]

_OUTPUT = "series.npys"


def with_series(job: Job, stacks: Sequence[NDArray[Any]], folder: Path) -> Job:
    """The job with further inputs that its model is run on.

    Args:
        job: Job of the model; its own inputs are run first.
        stacks: For each input of the model its values in all runs, ``(runs, *shape)``.
        folder: Folder for files with them, and for the file with what the runs give.
    """
    files = {}
    for place, stack in enumerate(stacks):
        name = f"series{place}.npy"
        np.save(folder / name, np.ascontiguousarray(stack), allow_pickle=False)
        files[name] = folder / name
    series = Series(count=len(stacks[0]), files=tuple(files), output=_OUTPUT)
    return replace(
        job,
        entry=msgspec.structs.replace(job.entry, series=series),
        files={**job.files, **files},
        outputs={**job.outputs, _OUTPUT: folder / _OUTPUT},
    )


def check_series(job: Job, outcome: Outcome, runner: str) -> None:
    """Checks that a runner knows of series: those that were built before leave them out.

    Raises:
        RunnerError: It does not.
    """
    if job.entry.series is not None and not outcome.series_s:
        raise RunnerError(
            f"the {runner} runner was built before it could run many inputs; build it again with "
            "edgeslim runner build"
        )


def read_series(job: Job, count: int) -> list[list[NDArray[Any]]]:
    """What each run of a job's series gave: ``count`` arrays, in the order of the outputs.

    Raises:
        BadFileError: The file does not hold as many arrays.
    """
    path, series = job.outputs[_OUTPUT], job.entry.series
    runs = 0 if series is None else series.count
    try:
        with path.open("rb") as stream:
            found = [
                [np.load(stream, allow_pickle=False) for _ in range(count)] for _ in range(runs)
            ]
            rest = stream.read(1)
    except (OSError, ValueError, EOFError) as error:
        raise BadFileError(f"what {runs} runs gave is cut off: {error}") from error
    if rest:
        raise BadFileError(f"more than {count} outputs of each of {runs} runs came back")
    return found
