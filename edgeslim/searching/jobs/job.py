"""A job that this process has: its heart beats until it is finished, failed or given back."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any

from edgeslim.errors import JobLostError, StorageError
from edgeslim.searching.jobs.ledger import Attempt, AttemptState
from edgeslim.searching.jobs.trials import Notes, Trials

__all__ = ["Job"]

_REASON_LENGTH = 1000


class Job:
    """An attempt at a candidate by this process; good in a ``with``.

    If the block ends without `finish`, the job is given back when the process is to stop
    (``KeyboardInterrupt``, ``SystemExit``), and has failed when anything else was raised.

    Args:
        trials: Where it is from.
        attempt: The attempt, which is this process's already.
        interval_s: How often its heart beats.
        again: Gives the candidate to others; called when the job ended without a result.
    """

    def __init__(
        self,
        trials: Trials,
        attempt: Attempt,
        *,
        interval_s: float,
        again: Callable[[int], None],
    ) -> None:
        self.candidate = attempt.candidate
        self._trials = trials
        self._attempt = attempt
        self._again = again
        self._ended = threading.Event()
        self._heart = threading.Thread(
            target=self._beat, args=(interval_s,), name="heartbeat", daemon=True
        )
        self._heart.start()

    def note(self, notes: Notes) -> None:
        """Writes down what is known before the result is; each of it is a transaction.

        Raises:
            JobLostError: The job was given to others.
            UsageError: A note has a name that is our own.
        """
        if not self._trials.note(self._attempt, notes):
            raise self._lost()

    def finish(self, *values: float, notes: Mapping[str, Any] | None = None) -> None:
        """Ends the job with its result.

        A value that is not a number fails it: databases do not take those.

        Args:
            values: One for each objective.
            notes: More user attributes.

        Raises:
            JobLostError: The job was given to others; this result counts as nothing.
        """
        if any(math.isnan(value) for value in values):
            self.fail(f"its result is not a number: {values}")
            return
        self.note(Notes(attributes=notes or {}))
        if not self._trials.end(self._attempt, AttemptState.DONE, values=values):
            raise self._lost()
        self._stop()

    def fail(self, reason: str) -> None:
        """Ends the job without a result; others try it, a limited number of times.

        Raises:
            JobLostError: The job was given to others already.
        """
        words = " ".join(reason.split())[:_REASON_LENGTH] or "no reason was given"
        if not self._trials.end(self._attempt, AttemptState.FAILED, reason=words):
            raise self._lost()
        self._stop()
        self._again(self.candidate)

    def give_back(self) -> None:
        """Ends the job as if it had never been taken; if it was lost already, does nothing."""
        ended = self._trials.end(self._attempt, AttemptState.DROPPED)
        self._stop()
        if ended:
            self._again(self.candidate)

    def __enter__(self) -> Job:  # noqa: PYI034 - Python 3.10 has no Self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._ended.is_set() or isinstance(error, JobLostError | StorageError):
                return
            if isinstance(error, Exception):
                with suppress(JobLostError):  # what was raised in the block is what matters
                    self.fail(f"{type(error).__name__}: {error}")
            else:
                self.give_back()
        finally:
            self._stop()

    def _lost(self) -> JobLostError:
        self._stop()
        return JobLostError(
            f"candidate {self.candidate} was given to others, since this worker was silent"
        )

    def _stop(self) -> None:
        self._ended.set()

    def _beat(self, interval_s: float) -> None:
        # Where the database is away, it is tried again soon: others count the silence.
        pause_s = interval_s
        while not self._ended.wait(pause_s):
            pause_s = interval_s if self._trials.try_beat(self._attempt) else min(interval_s, 1.0)
