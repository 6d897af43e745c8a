"""Whether a device is as fast as it was: a reference operator before and after each batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from edgeslim.conversion.operator_jobs import operator_jobs, reference_operator
from edgeslim.errors import EdgeslimError
from edgeslim.files import temporary_folder
from edgeslim.profiling.device_session import DeviceSession
from edgeslim.runner.batch import Job, Outcome, run_batch
from edgeslim.runner.protocol import Sampling

__all__ = ["DriftWatch", "WatchedBatch"]

_REFERENCE = Sampling(maximum_samples=200, minimum_s=0.05, maximum_s=0.2)


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchedBatch:
    """What a batch gave, and how fast the device was meanwhile.

    Args:
        outcomes: In the order of the jobs.
        drift: Slowest reference over the fastest this watch ever saw; 1 is no drift.
        device_s: Time the runner spent in runs, warm-up and sweeps.
    """

    outcomes: Sequence[Outcome]
    drift: float
    device_s: float


class DriftWatch:
    """Runs batches and remembers the reference operator's best time."""

    def __init__(self, session: DeviceSession) -> None:
        self._session = session
        self._best_ms = float("inf")

    def run(self, jobs: Sequence[Job]) -> WatchedBatch:
        """Runs jobs between two runs of the reference operator."""
        with temporary_folder() as folder:
            (reference,) = operator_jobs(
                [reference_operator()],
                self._session.execution.target,
                folder,
                states=(_REFERENCE,),
                name="reference",
            )
            if isinstance(reference, EdgeslimError):
                raise reference
            outcomes = run_batch(
                self._session.runner,
                [_named(reference, "before"), *jobs, _named(reference, "after")],
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
            drift=max(times_ms) / self._best_ms,
            device_s=sum(outcome.device_s for outcome in outcomes),
        )


def _named(job: Job, name: str) -> Job:
    return replace(job, entry=msgspec.structs.replace(job.entry, id=name))
