"""The result of the attempts at a candidate, the same for all processes in spite of races.

A candidate's attempts are read in the order in which they were added. An attempt that has
ended never changes again, and a later one is never seen before an earlier one. So the first that
is done decides, the first that is active is the only one whose work will count, and every process
that reads them, at any moment, finds the same result and never another one later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

__all__ = ["Attempt", "AttemptLimits", "AttemptState", "JobResult", "Ledger"]


class AttemptState(Enum):
    """The state of an attempt."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """It failed with a reason, or its worker fell silent and there is none."""
    DROPPED = "dropped"
    """Given back, or superfluous: it does not count."""

    @property
    def is_active(self) -> bool:
        """Whether the state may still change."""
        return self in {AttemptState.WAITING, AttemptState.RUNNING}


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One attempt at a candidate.

    Args:
        number: Its place in the order in which attempts were added.
        key: Identifier of the trial in the storage.
        candidate: Number of the candidate that it is an attempt at.
        state: State when it was last read.
        values: Values of the objectives, once it is done.
        tokens: The network's tokens, as far as they were noted.
        notes: Everything else that was noted.
        reason: Why it failed; None if it did not, or if its worker fell silent.
        worker: The process that claimed it, as `worker_name` says.
        ended: When it ended, by the clock of the process that ended it.
    """

    number: int
    key: int
    candidate: int
    state: AttemptState
    values: tuple[float, ...] = ()
    tokens: tuple[int, ...] = ()
    notes: Mapping[str, object] = field(default_factory=dict)
    reason: str | None = None
    worker: str | None = None
    ended: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class JobResult:
    """The result of a candidate, which never changes.

    Args:
        candidate: Number of the candidate.
        values: Values of the objectives; empty if it failed for good.
        tokens: The network's tokens, if they were noted.
        notes: Everything else that was noted.
        reason: Why it failed for good, or None.
        attempts: How many attempts there were.
        worker: The process whose attempt counts, as `worker_name` says.
        ended: When that attempt ended, by the worker's clock.
    """

    candidate: int
    values: tuple[float, ...]
    tokens: tuple[int, ...]
    notes: Mapping[str, object]
    reason: str | None
    attempts: int
    worker: str | None
    ended: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptLimits:
    """How often a candidate is tried.

    Args:
        failures: Failures after which it has failed for good.
        silences: Workers fallen silent after which it has failed for good. A candidate that takes
            all memory kills its workers, but workers are also killed for other reasons.
    """

    failures: int = 3
    silences: int = 5


class Ledger:
    """All attempts that were read, and the results that follow from them.

    Args:
        limits: How often a candidate is tried.
    """

    def __init__(self, limits: AttemptLimits) -> None:
        self._limits = limits
        self._attempts: dict[int, dict[int, Attempt]] = {}
        self._open_candidates: set[int] = set()
        self._results: dict[int, JobResult] = {}
        self._superfluous: dict[int, Attempt] = {}

    def update(self, attempts: Iterable[Attempt]) -> None:
        """Takes in attempts that are new or have changed, as they were at one moment."""
        touched = set()
        for attempt in attempts:
            self._attempts.setdefault(attempt.candidate, {})[attempt.number] = attempt
            touched.add(attempt.candidate)
        for candidate in touched:
            if candidate not in self._results:
                result = self._result(candidate)
                if result is None:
                    self._open_candidates.add(candidate)
                    continue
                self._results[candidate] = result
                self._open_candidates.discard(candidate)
            self._note_superfluous(candidate)

    @property
    def results(self) -> dict[int, JobResult]:
        """Results by candidate."""
        return dict(self._results)

    @property
    def open_candidates(self) -> list[int]:
        """Candidates that have attempts and no result, in order."""
        return sorted(self._open_candidates)

    @property
    def attempt_count(self) -> int:
        """How many attempts there are in all."""
        return sum(len(attempts) for attempts in self._attempts.values())

    def missing(self, candidates: Iterable[int]) -> list[int]:
        """Those of the candidates that have neither a result nor an active attempt."""
        return [
            candidate
            for candidate in candidates
            if candidate not in self._results and self._deciding(candidate) is None
        ]

    def claimable(self, below: int | None = None) -> list[Attempt]:
        """Waiting attempts whose work will count, lowest candidate first."""
        found = (self._deciding(candidate) for candidate in self.open_candidates)
        return [
            attempt
            for attempt in found
            if attempt is not None
            and attempt.state is AttemptState.WAITING
            and (below is None or attempt.candidate < below)
        ]

    def running(self) -> list[Attempt]:
        """Attempts that a process has claimed, also those whose work will not count."""
        candidates = [
            *self.open_candidates,
            *{attempt.candidate for attempt in self._superfluous.values()},
        ]
        return [
            attempt
            for candidate in candidates
            for attempt in self._attempts[candidate].values()
            if attempt.state is AttemptState.RUNNING
        ]

    def superfluous(self) -> list[Attempt]:
        """Waiting attempts at candidates that have their result."""
        return [
            attempt
            for attempt in self._superfluous.values()
            if attempt.state is AttemptState.WAITING
        ]

    def duplicates(self, candidate: int) -> list[Attempt]:
        """Waiting attempts behind the one that counts."""
        first = self._deciding(candidate)
        return [
            attempt
            for number, attempt in self._attempts.get(candidate, {}).items()
            if first is not None and number > first.number and attempt.state is AttemptState.WAITING
        ]

    def _note_superfluous(self, candidate: int) -> None:
        for number, attempt in self._attempts[candidate].items():
            if attempt.state.is_active:
                self._superfluous[number] = attempt
            else:
                self._superfluous.pop(number, None)

    def _deciding(self, candidate: int) -> Attempt | None:
        """The first attempt that is done or active, or is one failure too many."""
        failures = silences = 0
        for _, attempt in sorted(self._attempts.get(candidate, {}).items()):
            if attempt.state is AttemptState.FAILED:
                silent = attempt.reason is None
                silences += silent
                failures += not silent
                if failures < self._limits.failures and silences < self._limits.silences:
                    continue
            if attempt.state is not AttemptState.DROPPED:
                return attempt
        return None

    def _result(self, candidate: int) -> JobResult | None:
        last = self._deciding(candidate)
        if last is None or last.state.is_active:
            return None
        tried = [
            attempt
            for number, attempt in self._attempts[candidate].items()
            if number <= last.number and attempt.state is not AttemptState.DROPPED
        ]
        reason = None
        if last.state is AttemptState.FAILED:
            reason = last.reason or f"its worker fell silent {self._limits.silences} times"
        return JobResult(
            candidate=candidate,
            values=last.values,
            tokens=last.tokens,
            notes=last.notes,
            reason=reason,
            attempts=len(tried),
            worker=last.worker,
            ended=last.ended,
        )
