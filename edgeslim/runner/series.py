"""The host's side of a series: inputs of all runs as files, and the outputs read back."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeslim.errors import BadFileError, RunnerError
from edgeslim.runner.job import Job, Outcome
from edgeslim.runner.pixel_codes import encode_pixels
from edgeslim.runner.protocol import Series

__all__ = ["check_series", "read_series", "with_series"]

_OUTPUT = "series.npys"
_HEADER = 10
"""Bytes before the text of a header in NumPy's format of version 1; the last two are its length."""


def with_series(
    job: Job, stacks: Sequence[NDArray[Any]], folder: Path, *, as_codes: bool = False
) -> Job:
    """The job with further inputs that its model is run on.

    Args:
        job: Job of the model; its own inputs are run first.
        stacks: For each input of the model its values in all runs, ``(runs, *shape)``.
        folder: Folder for files with them, and for the file with what the runs give.
        as_codes: Whether pictures are sent as bytes where that loses nothing, which is for links:
            they are four times smaller, and looked up again on the device.
    """
    files: dict[str, Path] = {}

    def write(name: str, array: NDArray[Any]) -> str:
        np.save(folder / name, np.ascontiguousarray(array), allow_pickle=False)
        files[name] = folder / name
        return name

    names, tables = [], []
    for place, stack in enumerate(stacks):
        coded = encode_pixels(stack) if as_codes else None
        names.append(write(f"series{place}.npy", stack if coded is None else coded[0]))
        tables.append("" if coded is None else write(f"table{place}.npy", coded[1]))
    series = Series(count=len(stacks[0]), files=tuple(names), tables=tuple(tables), output=_OUTPUT)
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
        arrays = list(_arrays(path.read_bytes()))
    except (OSError, ValueError, EOFError) as error:
        raise BadFileError(f"what {runs} runs gave is cut off: {error}") from error
    if len(arrays) != runs * count:
        raise BadFileError(
            f"{len(arrays)} outputs of {runs} runs came back; the model has {count} for each run"
        )
    return [arrays[start : start + count] for start in range(0, len(arrays), count)]


def _arrays(content: bytes) -> Iterator[NDArray[Any]]:
    """Arrays in NumPy's format, one behind the other; equal headers are read once."""
    known: dict[bytes, NDArray[Any]] = {}
    start = 0
    while start < len(content):
        length = int.from_bytes(content[start + 8 : start + _HEADER], "little")
        header = content[start : start + _HEADER + length]
        first = known.get(header)
        if first is None:
            first = known[header] = np.load(io.BytesIO(content[start:]), allow_pickle=False)
        start += len(header)
        elements = np.frombuffer(content, first.dtype, first.size, start)
        yield elements.reshape(first.shape)
        start += first.nbytes
