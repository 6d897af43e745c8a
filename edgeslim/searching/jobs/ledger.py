"""What the attempts at a candidate amount to, whatever races made of them.

A candidate's attempts are looked at in the order in which they were made. An attempt that has
ended never changes again, and a later one is never seen before an earlier one. So the first that
is done decides, the first that is alive is the only one whose work will count, and everybody
who looks, at whatever moment, comes to the same result and never to another one later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

__all__ = ["Attempt", "AttemptState", "Ledger", "Limits", "Result"]


class AttemptState(Enum):
    """Where an attempt is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """It failed with a reason, or its worker fell silent and there is none."""
    DROPPED = "dropped"
    """Given back, or superfluous: it counts as nothing."""

    @property
    def alive(self) -> bool:
        """Whether it may still become anything else."""
        return self in {AttemptState.WAITING, AttemptState.RUNNING}


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One attempt at a candidate.

    Args:
        number: Its place in the order in which attempts were made.
        key: What the storage calls it.
        candidate: What it is an attempt at.
        state: Where it is.
        values: The objectives, once it is done.
        tokens: What was noted as such.
        notes: Everything else that was noted.
        reason: Why it failed.
        worker: Who had it last; see `worker_name`.
        ended: When it ended, by the clock of whoever ended it.
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
class Result:
    """What came of a candidate; it never changes.

    Args:
        candidate: Its number.
        values: The objectives; empty if it failed for good.
        tokens: What was noted as such.
        notes: Everything else that was noted.
        reason: Why it failed for good, or None.
        attempts: How often it was tried.
        worker: Who had it.
        ended: When, by the worker's clock.
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
class Limits:
    """How often a candidate is tried.

    Args:
        failures: After so many failures it has failed for good.
        silences: So it has after so many workers fell silent over it: one that takes all
            memory kills its workers, but workers are also killed for no fault of its.
    """

    failures: int = 3
    silences: int = 5


class Ledger:
    """All attempts that were seen, and what they amount to.

    Args:
        limits: How often a candidate is tried.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._attempts: dict[int, dict[int, Attempt]] = {}
        self._unsettled: set[int] = set()
        self._results: dict[int, Result] = {}
        self._superfluous: dict[int, Attempt] = {}

    def update(self, attempts: Iterable[Attempt]) -> None:
        """Takes in attempts that are new or have changed, as one glance saw them."""
        touched = set()
        for attempt in attempts:
            self._attempts.setdefault(attempt.candidate, {})[attempt.number] = attempt
            touched.add(attempt.candidate)
        for candidate in touched:
            if candidate not in self._results:
                result = self._result(candidate)
                if result is None:
                    self._unsettled.add(candidate)
                    continue
                self._results[candidate] = result
                self._unsettled.discard(candidate)
            self._note_superfluous(candidate)

    @property
    def results(self) -> dict[int, Result]:
        """Results by candidate."""
        return dict(self._results)

    @property
    def unsettled(self) -> list[int]:
        """Candidates that were asked for and have no result, in order."""
        return sorted(self._unsettled)

    @property
    def seen(self) -> int:
        """How many attempts there are in all."""
        return sum(len(each) for each in self._attempts.values())

    def missing(self, candidates: Iterable[int]) -> list[int]:
        """Those that have no result and that nobody can take."""
        return [
            each
            for each in candidates
            if each not in self._results and self._deciding(each) is None
        ]

    def takeable(self, below: int | None = None) -> list[Attempt]:
        """Waiting attempts whose work will count, lowest candidate first."""
        found = (self._deciding(each) for each in self.unsettled)
        return [
            each
            for each in found
            if each is not None
            and each.state is AttemptState.WAITING
            and (below is None or each.candidate < below)
        ]

    def running(self) -> list[Attempt]:
        """Attempts that somebody has, also those whose work will not count."""
        candidates = [*self.unsettled, *{each.candidate for each in self._superfluous.values()}]
        return [
            attempt
            for candidate in candidates
            for attempt in self._attempts[candidate].values()
            if attempt.state is AttemptState.RUNNING
        ]

    def superfluous(self) -> list[Attempt]:
        """Waiting attempts at candidates that have their result."""
        return [each for each in self._superfluous.values() if each.state is AttemptState.WAITING]

    def doubles(self, candidate: int) -> list[Attempt]:
        """Waiting attempts behind the one that counts."""
        first = self._deciding(candidate)
        return [
            each
            for number, each in self._attempts.get(candidate, {}).items()
            if first is not None and number > first.number and each.state is AttemptState.WAITING
        ]

    def _note_superfluous(self, candidate: int) -> None:
        for number, attempt in self._attempts[candidate].items():
            if attempt.state.alive:
                self._superfluous[number] = attempt
            else:
                self._superfluous.pop(number, None)

    def _deciding(self, candidate: int) -> Attempt | None:
        """The first attempt that is done, alive, or one failure too many."""
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

    def _result(self, candidate: int) -> Result | None:
        last = self._deciding(candidate)
        if last is None or last.state.alive:
            return None
        tried = [
            each
            for number, each in self._attempts[candidate].items()
            if number <= last.number and each.state is not AttemptState.DROPPED
        ]
        reason = None
        if last.state is AttemptState.FAILED:
            reason = last.reason or f"its worker fell silent {self._limits.silences} times"
        return Result(
            candidate=candidate,
            values=last.values,
            tokens=last.tokens,
            notes=last.notes,
            reason=reason,
            attempts=len(tried),
            worker=last.worker,
            ended=last.ended,
        )
