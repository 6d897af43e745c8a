"""The queue: who does what, what came of it, and what became of those who fell silent."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from edgeslim.searching.jobs.job import Job
from edgeslim.searching.jobs.ledger import Attempt, AttemptState, Ledger, Limits, Result
from edgeslim.searching.jobs.storage import Storage
from edgeslim.searching.jobs.trials import Trials
from edgeslim.searching.jobs.workers import has_ended, own_share, worker_name

__all__ = ["JobQueue", "QueueStatus", "Running"]

Item = TypeVar("Item")

_OBJECTIVES = {"accuracy": "maximize"}
_RECENT = 50
"""The throughput is that of so many last results."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A job that somebody has.

    Args:
        candidate: Which.
        worker: Who, as `worker_name` says; None in the moment after it was taken.
        silent_s: Seconds since the worker's last heartbeat.
        tokens: As far as they were noted.
    """

    candidate: int
    worker: str | None
    silent_s: float
    tokens: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueStatus:
    """How far the work is.

    Args:
        waiting: Candidates that nobody has taken.
        running: Those that somebody has.
        done: How many have a result.
        failed: Those that failed for good, with the reason.
        wasted: Attempts that came to nothing: failed, given back, fallen silent, superfluous.
        per_hour: Results an hour of late, by the workers' clocks; None before there are two.
    """

    waiting: tuple[int, ...]
    running: tuple[Running, ...]
    done: int
    failed: Mapping[int, str]
    wasted: int
    per_hour: float | None


class JobQueue:
    """Numbered jobs of one kind, in a study of their own.

    Every process has one and uses it in one thread. What decides about the work of all (how
    often a candidate is tried, how long a worker may be silent) is what the first of them said.

    Args:
        storage: Where it is.
        name: Name of the study.
        objectives: What a job's values are, and whether to ``maximize`` or ``minimize`` each.
        interval_s: How often a worker's heart beats.
        grace_s: A worker that was silent for so long counts as dead. Some databases tell the
            time in whole seconds, and a thread's heart stands still while another holds Python.
        limits: How often a candidate is tried.

    Raises:
        UsageError: There is a study of that name that is not edgeslim's or has other objectives.
        StorageError: The storage has trouble; so in all methods.
    """

    def __init__(
        self,
        storage: Storage,
        name: str,
        *,
        objectives: Mapping[str, str] = _OBJECTIVES,
        interval_s: float = 10.0,
        grace_s: float = 60.0,
        limits: Limits = Limits(),  # noqa: B008 - it is frozen
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
        self._ledger = Ledger(Limits(failures=agreed["failures"], silences=agreed["silences"]))
        self._missed: dict[int, float] = {}
        self._watched: dict[int, float] = {}
        self.name = name
        self.worker = worker_name()

    def ensure(
        self,
        candidates: Iterable[int],
        *,
        after_s: float = 0.0,
    ) -> list[int]:
        """Sees to it that each has a result or can be taken; the numbers it had to add.

        Costs nothing if this process knows of all of them already.

        Args:
            candidates: Their numbers.
            after_s: Adds only what has been missing for so long, as far as this process knows.
                Who has nothing to do leaves it so to who just finished something, or fifty
                would add the same at once.
        """
        now = time.monotonic()
        self._missed = {
            each: self._missed.get(each, now) for each in self._ledger.missing(candidates)
        }
        missing = [each for each, since in self._missed.items() if now - since >= after_s]
        if not missing:
            return []
        # Others who waited may be doing the same, so each of them begins elsewhere, and all look
        # what others have done.
        added: dict[int, int] = {}
        for candidate in self._from_our_place(missing) if after_s else missing:
            self._look()
            if self._ledger.missing([candidate]):
                added[candidate] = self._trials.add(candidate)
        self._look()
        for candidate, key in added.items():
            mine = (each for each in self._ledger.doubles(candidate) if each.key == key)
            self._drop(mine)  # another was faster
        return sorted(added)

    def take(self, *, below: int | None = None) -> Job | None:
        """The lowest job that nobody has, for this process; None if there is none.

        Args:
            below: Only a lower number than this.
        """
        self._look()  # or what this process itself has done would still seem to be waiting
        return self._take_known(below)

    def results(self) -> dict[int, Result]:
        """Everything that is settled, by candidate: done, or failed for good."""
        self._look()
        return self._ledger.results

    def waiting(self, *, below: int | None = None) -> list[int]:
        """What could be taken when this process looked last; asks nobody."""
        return [each.candidate for each in self._ledger.takeable(below)]

    def reap(self) -> list[int]:
        """Gives the jobs of silent workers to others; the candidates that it did so with.

        Everybody does so from time to time, say every interval. It also makes good what others
        left half done when they were killed.
        """
        self._look()
        silent = [
            attempt.candidate
            for attempt in self._dead(self._ledger.running())
            if self._trials.end(attempt, AttemptState.FAILED)
        ]
        self._drop(self._from_our_place(self._ledger.superfluous())[:1])
        if silent:
            self._look()
        return sorted({*silent, *self.ensure(self._ledger.unsettled)})

    def status(self) -> QueueStatus:
        """How far the work is."""
        self._look()
        running = self._ledger.running()
        silent_s = self._trials.silent_s(running)
        results = self._ledger.results.values()
        done = [each for each in results if each.reason is None]
        waiting = tuple(each.candidate for each in self._ledger.takeable())
        return QueueStatus(
            waiting=waiting,
            running=tuple(
                Running(
                    candidate=each.candidate,
                    worker=each.worker,
                    silent_s=silent_s.get(each.number, 0.0),
                    tokens=each.tokens,
                )
                for each in running
            ),
            done=len(done),
            failed={each.candidate: each.reason for each in results if each.reason is not None},
            wasted=self._ledger.seen - len(done) - len(waiting) - len(running),
            per_hour=_per_hour([each.ended for each in done if each.ended is not None]),
        )

    def _look(self) -> None:
        self._ledger.update(self._trials.glance())

    def _drop(self, attempts: Iterable[Attempt]) -> None:
        for attempt in attempts:
            if self._trials.pop(attempt):
                self._trials.end(attempt, AttemptState.DROPPED)

    def _from_our_place(self, items: Sequence[Item]) -> list[Item]:
        """Many processes do the same at once, so each begins elsewhere."""
        begin = int(own_share() * len(items))
        return [*items[begin:], *items[:begin]]

    def _take_known(self, below: int | None) -> Job | None:
        # The lowest first; whoever does not get it goes on where others do not.
        takeable = self._ledger.takeable(below)
        for attempt in takeable[:1] + self._from_our_place(takeable[1:]):
            job = self._pop(attempt)
            if job is not None:
                return job
        return None

    def _pop(self, attempt: Attempt) -> Job | None:
        if not self._trials.pop(attempt):
            return None
        job = Job(self._trials, attempt, interval_s=self._interval_s, again=self._again)
        try:
            return job if self._trials.sign(attempt, self.worker) else None
        except BaseException:
            job.give_back()
            raise

    def _again(self, candidate: int) -> None:
        self._look()
        self.ensure([candidate])

    def _dead(self, running: Sequence[Attempt]) -> list[Attempt]:
        """Attempts whose workers have ended, or were silent for too long.

        After a time without the database all seem silent, so each is watched for two intervals
        since the last trouble, or since this process saw it first.
        """
        now = time.monotonic()
        trouble = self._storage.troubled_at
        self._watched = {
            each.number: max(self._watched.get(each.number, now), trouble) for each in running
        }
        silent_s = self._trials.silent_s(running)
        for attempt in running:
            if attempt.number not in silent_s:
                self._trials.beat(attempt)  # not taken by our rules: its time begins now
        return [
            each
            for each in running
            if (each.worker is not None and has_ended(each.worker))
            or (
                silent_s.get(each.number, 0.0) > self._grace_s
                and now - self._watched[each.number] >= 2 * self._interval_s
            )
        ]


def _per_hour(ended: list[datetime]) -> float | None:
    recent = sorted(ended)[-_RECENT:]
    span = recent[-1] - recent[0] if len(recent) > 1 else timedelta(0)
    return (len(recent) - 1) / (span / timedelta(hours=1)) if span else None
