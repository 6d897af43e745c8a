"""Pictures through a model on a device, many at once and as many as memory allows."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeslim.conversion.operator_jobs import model_job
from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.files import temporary_folder
from edgeslim.graph import Graph
from edgeslim.measuring.device_session import LOCAL, DeviceSession
from edgeslim.runner.batch import run_batch
from edgeslim.runner.series import read_series, with_series

__all__ = ["BatchSize", "DeviceRuns", "bytes_of_outputs", "run_on_device"]

_GUESSED_MACS = 1e9
"""Multiply-accumulates a second by which the first batch is made: a board's; others have more."""

_AIM_S = 15.0
"""Seconds that a batch should take: what an interruption costs, and how often progress is seen."""

_MOST_BYTES = 64 << 20
"""Bytes of the inputs and the outputs of a batch: a board has a gigabyte, and a phone's folder
is no larger."""

_FIRST = "first.npy"
"""Input of the first run, which is not one of those that count."""

_LATER, _LATER_THAN_GUESSED = 20.0, 200.0
"""Times as long as expected that a batch may take, by those before it and by the guess."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceRuns:
    """What successive runs on a device gave.

    Args:
        outputs: Outputs of each run, in order.
        runs_s: Seconds that the runs took on the device.
        device_s: Seconds with starting the runner, sending and fetching.
    """

    outputs: list[list[NDArray[Any]]]
    runs_s: float
    device_s: float


class BatchSize:
    """How many pictures the next batch has, by how long those before it took.

    Args:
        bytes_each: Bytes of the inputs and outputs of one picture.
        macs_each: Multiply-accumulates of one picture, by which the first batch is made.
        multiple: Number of pictures that a run takes; batches are whole runs.
    """

    def __init__(self, bytes_each: int, macs_each: float, multiple: int = 1) -> None:
        self._multiple = multiple
        self._guess_s = max(macs_each / _GUESSED_MACS, 1e-4)
        self._most = max(1, _MOST_BYTES // max(1, bytes_each))
        self._each_s = 0.0
        self._start_s = 0.0

    @property
    def size(self) -> int:
        """Number of pictures of the next batch."""
        wanted = max(_AIM_S - self._start_s, _AIM_S / 2) / (self._each_s or self._guess_s)
        whole = int(min(wanted, self._most)) // self._multiple * self._multiple
        return max(self._multiple, whole)

    @property
    def picture_s(self) -> float:
        """Seconds that each picture of the next batch may take at most."""
        if self._each_s > 0:
            return self._each_s * _LATER
        return self._guess_s * _LATER_THAN_GUESSED

    def learn(self, pictures: int, runs_s: float, device_s: float) -> None:
        """Learns from a batch how long a picture takes, and the start of a batch."""
        self._each_s = max(runs_s / pictures, 1e-6)
        self._start_s = max(0.0, device_s - runs_s)

    def halve(self) -> bool:
        """Makes batches half as large, for a device that is full; False if they have one run."""
        before = self.size
        if before <= self._multiple:
            return False
        self._most = max(1, before // 2)
        return True


def bytes_of_outputs(shapes: Mapping[str, tuple[int, ...]], names: tuple[str, ...]) -> int:
    """Bytes of a model's outputs in one run, as far as their shapes are known."""
    return sum(4 * math.prod(max(extent, 1) for extent in shapes[name]) for name in names)


def run_on_device(
    session: DeviceSession,
    file: OptimizedFile,
    graph: Graph,
    runs: NDArray[np.float32],
    allowed_s: float,
) -> DeviceRuns:
    """Runs a converted model on successive inputs in one process.

    Args:
        session: The device, with its number of threads.
        file: The converted model on disk.
        graph: Graph of the model, which has one input.
        runs: The input of each run, ``(runs, *input shape)``.
        allowed_s: Seconds after which the device is taken to hang.

    Raises:
        RunnerError, ProgramError: The device does not run it.
        LinkError: The device was lost for good, or is full.
        BadFileError: What came back is damaged.
    """
    started = time.monotonic()
    (name,) = graph.feeds
    with temporary_folder() as here:
        np.save(here / _FIRST, runs[0], allow_pickle=False)
        job = model_job(file.path.name, file, graph, (), {name: here / _FIRST})
        job = replace(job, entry=msgspec.structs.replace(job.entry, timeout_s=allowed_s))
        is_link = session.profile.transport != LOCAL
        job = with_series(job, [runs], here, as_codes=is_link)
        (outcome,) = run_batch(session.runner, [job])
        if outcome.error is not None:
            raise outcome.error
        outputs = read_series(job, len(graph.fetches))
    return DeviceRuns(outputs=outputs, runs_s=outcome.series_s, device_s=time.monotonic() - started)
