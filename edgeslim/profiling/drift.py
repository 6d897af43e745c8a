"""How fast a device is meanwhile: a reference operator before and after each batch.

A shared or warming machine changes its speed for seconds or hours at a time. What changes
slowly is divided out by the reference; a batch in which the speed changed, or was far below
the best seen, is not to be trusted and is measured again.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from edgeslim.conversion.operator_jobs import operator_jobs, reference_operator
from edgeslim.errors import EdgeslimError
from edgeslim.profiling.device_session import DeviceSession
from edgeslim.runner.batch import Job, Outcome, run_batch
from edgeslim.runner.protocol import Sampling

__all__ = ["DriftWatch", "WatchedBatch"]

_CHANGE = 1.05
_SLOWNESS = 1.25
_INTERRUPTED = 0.4
"""Share of samples from which on their median is not to be trusted."""
_REFERENCE = Sampling(maximum_samples=200, minimum_s=0.05, maximum_s=0.2)


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchedBatch:
    """What a batch gave, and how fast the device was meanwhile.

    Args:
        outcomes: In the order of the jobs.
        reference_ms: What the reference operator took, the mean of before and after.
        trouble: Why the batch is not to be trusted, or nothing.
        device_s: Time the runner spent in runs, warm-up and sweeps.
    """

    outcomes: Sequence[Outcome]
    reference_ms: float
    trouble: str
    device_s: float


class DriftWatch:
    """Runs batches and remembers the reference operator's best time.

    Args:
        session: The device.

    Raises:
        ProgramError: ``opt`` cannot convert the reference operator.
    """

    def __init__(self, session: DeviceSession) -> None:
        self._session = session
        self._best_ms = float("inf")
        # Gone with the watch, at the latest when the program ends.
        folder = tempfile.mkdtemp(prefix=".edgeslim.")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        (reference,) = operator_jobs(
            [reference_operator()],
            session.execution.target,
            Path(folder),
            states=(_REFERENCE,),
            name="reference",
        )
        if isinstance(reference, EdgeslimError):
            raise reference
        self._reference = reference

    def run(self, jobs: Sequence[Job]) -> WatchedBatch:
        """Runs jobs between two runs of the reference operator."""
        outcomes = run_batch(
            self._session.runner,
            [_named(self._reference, "before"), *jobs, _named(self._reference, "after")],
        )
        before, *middle, after = outcomes
        times_ms = []
        for outcome in (before, after):
            if outcome.error is not None:
                raise outcome.error
            times_ms.append(outcome.measurements[0].latency_ms)
        self._best_ms = min(self._best_ms, *times_ms)
        return WatchedBatch(
            outcomes=middle,
            reference_ms=sum(times_ms) / len(times_ms),
            trouble=self._trouble(times_ms) or _interruption(outcomes),
            device_s=sum(outcome.device_s for outcome in outcomes),
        )

    def _trouble(self, times_ms: Sequence[float]) -> str:
        change = max(times_ms) / min(times_ms)
        slowness = min(times_ms) / self._best_ms
        if change > _CHANGE:
            return f"the device's speed changed by {change - 1:.0%}"
        if slowness > _SLOWNESS:
            return f"the device was {slowness - 1:.0%} slow"
        return ""


def _interruption(outcomes: Sequence[Outcome]) -> str:
    """Other programs on the same core: a short reference runs between them and sees nothing."""
    worst = max(outcome.interrupted for outcome in outcomes)
    if worst <= _INTERRUPTED:
        return ""
    return f"other programs interrupted {worst:.0%} of the runs of a model"


def _named(job: Job, name: str) -> Job:
    return replace(job, entry=msgspec.structs.replace(job.entry, id=name))
