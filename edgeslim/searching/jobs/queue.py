"""The queue of jobs: adding and claiming them, their results, and workers that fell silent."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from edgeslim.searching.jobs.job import ClaimedJob
from edgeslim.searching.jobs.ledger import Attempt, AttemptLimits, AttemptState, JobResult, Ledger
from edgeslim.searching.jobs.storage import Storage
from edgeslim.searching.jobs.trials import Trials
from edgeslim.searching.jobs.workers import has_ended, process_fraction, worker_name

__all__ = ["JobQueue", "QueueStatus", "RunningJob"]

Item = TypeVar("Item")

_OBJECTIVES = {"accuracy": "maximize"}
_RECENT = 50
"""Number of last results that the throughput is computed from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningJob:
    """A job that a process has claimed.

    Args:
        candidate: Number of the candidate.
        worker: The process, as `worker_name` says; None in the moment after it was claimed.
        silent_s: Seconds since the worker's last heartbeat.
        tokens: The network's tokens, as far as they were noted.
    """

    candidate: int
    worker: str | None
    silent_s: float
    tokens: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueStatus:
    """Progress of the jobs of a queue.

    Args:
        waiting: Candidates that no process has claimed.
        running: Candidates that a process has claimed.
        done: How many candidates have a result.
        failed: Reasons why candidates failed for good, by their numbers.
        wasted: Attempts without a result: failed, given back, fallen silent or superfluous.
        per_hour: Recent results an hour, by the workers' clocks; None before there are two.
    """

    waiting: tuple[int, ...]
    running: tuple[RunningJob, ...]
    done: int
    failed: Mapping[int, str]
    wasted: int
    per_hour: float | None


class JobQueue:
    """Numbered jobs of one kind, in a study of their own.

    Every process has its own queue of a study and uses it in one thread. Settings that concern all
    (how often a candidate is tried, how long a worker may be silent) are those of the process
    that created the study.

    Args:
        storage: Storage that has the study.
        name: Name of the study.
        objectives: Names of a job's values, and whether to ``maximize`` or ``minimize`` each.
        interval_s: Seconds between a worker's heartbeats.
        grace_s: Seconds of silence after which a worker counts as dead. Some databases tell the
            time in whole seconds, and a thread sends nothing while another holds Python's lock.
        limits: How often a candidate is tried.

    Raises:
        UsageError: There is a study of that name that is not edgeslim's or has other objectives.
        StorageError: The storage cannot be used; any method raises this.
    """

    def __init__(
        self,
        storage: Storage,
        name: str,
        *,
        objectives: Mapping[str, str] = _OBJECTIVES,
        interval_s: float = 10.0,
        grace_s: float = 60.0,
        limits: AttemptLimits = AttemptLimits(),  # noqa: B008 - it is frozen
    ) -> None:
        wanted = {
            "interval_s": interval_s,
            "grace_s": grace_s,
            "failures": limits.failures,
            "silences": limits.silences,
        }
        if grace_s < 2 * interval_s:
            raise ValueError(f"a grace of less than two intervals: {grace_s=}, {interval_s=}")
        self._storage = storage
        self._trials = Trials(storage, name, objectives, wanted)
        agreed = self._trials.settings
        self._interval_s = float(agreed["interval_s"])
        self._grace_s = float(agreed["grace_s"])
        self._ledger = Ledger(
            AttemptLimits(failures=agreed["failures"], silences=agreed["silences"])
        )
        self._missing_since: dict[int, float] = {}
        self._watched_since: dict[int, float] = {}
        self.name = name
        self.worker = worker_name()

    def ensure(
        self,
        candidates: Iterable[int],
        *,
        after_s: float = 0.0,
    ) -> list[int]:
        """Adds jobs for candidates that have neither a result nor a job; returns their numbers.

        It needs no query if this process knows of all of them already.

        Args:
            candidates: Numbers of the candidates.
            after_s: Adds only what this process has seen missing for so many seconds. An idle
                worker so leaves adding to one that just finished a job; otherwise fifty would
                add the same at once.
        """
        now = time.monotonic()
        self._missing_since = {
            candidate: self._missing_since.get(candidate, now)
            for candidate in self._ledger.missing(candidates)
        }
        missing = [
            candidate for candidate, since in self._missing_since.items() if now - since >= after_s
        ]
        if not missing:
            return []
        # Others that waited may be doing the same, so each begins elsewhere, and reads before it
        # adds what others have added.
        added: dict[int, int] = {}
        for candidate in self._from_own_place(missing) if after_s else missing:
            self._refresh()
            if self._ledger.missing([candidate]):
                added[candidate] = self._trials.add(candidate)
        self._refresh()
        for candidate, key in added.items():
            mine = (attempt for attempt in self._ledger.duplicates(candidate) if attempt.key == key)
            self._drop(mine)  # another was faster
        return sorted(added)

    def claim(self, *, below: int | None = None) -> ClaimedJob | None:
        """Claims the lowest waiting job for this process; None if there is none.

        Args:
            below: Only jobs with a lower number than this.
        """
        self._refresh()  # or jobs that this process itself has done would still seem to be waiting
        return self._claim_known(below)

    def results(self) -> dict[int, JobResult]:
        """Results of candidates that are done or have failed for good, by their numbers."""
        self._refresh()
        return self._ledger.results

    def waiting(self, *, below: int | None = None) -> list[int]:
        """Candidates that could be claimed when this process last read the study; no query."""
        return [attempt.candidate for attempt in self._ledger.claimable(below)]

    def requeue_silent(self) -> list[int]:
        """Adds the jobs of silent workers again; returns the numbers of their candidates.

        Every process does so from time to time, for example every interval. It also completes
        what others left half done when they were killed.
        """
        self._refresh()
        silent = [
            attempt.candidate
            for attempt in self._dead_attempts(self._ledger.running())
            if self._trials.end(attempt, AttemptState.FAILED)
        ]
        self._drop(self._from_own_place(self._ledger.superfluous())[:1])
        if silent:
            self._refresh()
        return sorted({*silent, *self.ensure(self._ledger.open_candidates)})

    def status(self) -> QueueStatus:
        """Progress of the queue's jobs."""
        self._refresh()
        running = self._ledger.running()
        silent_s = self._trials.silent_s(running)
        results = self._ledger.results.values()
        done = [result for result in results if result.reason is None]
        waiting = tuple(attempt.candidate for attempt in self._ledger.claimable())
        return QueueStatus(
            waiting=waiting,
            running=tuple(
                RunningJob(
                    candidate=attempt.candidate,
                    worker=attempt.worker,
                    silent_s=silent_s.get(attempt.number, 0.0),
                    tokens=attempt.tokens,
                )
                for attempt in running
            ),
            done=len(done),
            failed={
                result.candidate: result.reason for result in results if result.reason is not None
            },
            wasted=self._ledger.attempt_count - len(done) - len(waiting) - len(running),
            per_hour=_per_hour([result.ended for result in done if result.ended is not None]),
        )

    def _refresh(self) -> None:
        self._ledger.update(self._trials.read_changes())

    def _drop(self, attempts: Iterable[Attempt]) -> None:
        for attempt in attempts:
            if self._trials.claim(attempt):
                self._trials.end(attempt, AttemptState.DROPPED)

    def _from_own_place(self, items: Sequence[Item]) -> list[Item]:
        """The items in an order that begins elsewhere in each process, to avoid collisions."""
        begin = int(process_fraction() * len(items))
        return [*items[begin:], *items[:begin]]

    def _claim_known(self, below: int | None) -> ClaimedJob | None:
        # The lowest first; a process that does not get it goes on where others do not.
        takeable = self._ledger.claimable(below)
        for attempt in takeable[:1] + self._from_own_place(takeable[1:]):
            job = self._claim(attempt)
            if job is not None:
                return job
        return None

    def _claim(self, attempt: Attempt) -> ClaimedJob | None:
        if not self._trials.claim(attempt):
            return None
        job = ClaimedJob(self._trials, attempt, interval_s=self._interval_s, requeue=self._requeue)
        try:
            return job if self._trials.set_worker(attempt, self.worker) else None
        except BaseException:
            job.give_back()
            raise

    def _requeue(self, candidate: int) -> None:
        self._refresh()
        self.ensure([candidate])

    def _dead_attempts(self, running: Sequence[Attempt]) -> list[Attempt]:
        """Attempts whose workers have ended, or have been silent for too long.

        After an outage of the database all seem silent, so each is watched for two intervals
        after the last trouble, or after this process first read it.
        """
        now = time.monotonic()
        trouble = self._storage.troubled_at
        self._watched_since = {
            attempt.number: max(self._watched_since.get(attempt.number, now), trouble)
            for attempt in running
        }
        silent_s = self._trials.silent_s(running)
        for attempt in running:
            if attempt.number not in silent_s:
                self._trials.beat(attempt)  # claimed by another program: its time begins now
        return [
            attempt
            for attempt in running
            if (attempt.worker is not None and has_ended(attempt.worker))
            or (
                silent_s.get(attempt.number, 0.0) > self._grace_s
                and now - self._watched_since[attempt.number] >= 2 * self._interval_s
            )
        ]


def _per_hour(ended: list[datetime]) -> float | None:
    recent = sorted(ended)[-_RECENT:]
    span = recent[-1] - recent[0] if len(recent) > 1 else timedelta(0)
    return (len(recent) - 1) / (span / timedelta(hours=1)) if span else None
