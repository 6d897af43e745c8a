"""A job that this process has claimed: it sends heartbeats until the job has ended."""

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

__all__ = ["ClaimedJob"]

_REASON_LENGTH = 1000


class ClaimedJob:
    """An attempt at a candidate by this process; to be used in a ``with``.

    If the block ends without `finish`, the job is given back when the process is to stop
    (``KeyboardInterrupt``, ``SystemExit``), and has failed when anything else was raised.

    Args:
        trials: Attempts of the study that it belongs to.
        attempt: The attempt, which this process has claimed already.
        interval_s: Seconds from one heartbeat to the next.
        requeue: Gives the candidate to others; called when the job ended without a result.
    """

    def __init__(
        self,
        trials: Trials,
        attempt: Attempt,
        *,
        interval_s: float,
        requeue: Callable[[int], None],
    ) -> None:
        self.candidate = attempt.candidate
        self._trials = trials
        self._attempt = attempt
        self._requeue = requeue
        self._ended = threading.Event()
        self._heart = threading.Thread(
            target=self._beat, args=(interval_s,), name="heartbeat", daemon=True
        )
        self._heart.start()

    def note(self, notes: Notes) -> None:
        """Writes what is known before the result; each note is a transaction.

        Raises:
            JobLostError: The job was given to others.
            UsageError: A note has a name that edgeslim uses itself.
        """
        if not self._trials.note(self._attempt, notes):
            raise self._lost_error()

    def finish(self, *values: float, notes: Mapping[str, Any] | None = None) -> None:
        """Ends the job with its result.

        A value that is not a number fails it: databases do not take those.

        Args:
            values: The value of each objective.
            notes: Further user attributes of the trial.

        Raises:
            JobLostError: The job was given to others; this result does not count.
        """
        if any(math.isnan(value) for value in values):
            self.fail(f"its result is not a number: {values}")
            return
        self.note(Notes(attributes=notes or {}))
        if not self._trials.end(self._attempt, AttemptState.DONE, values=values):
            raise self._lost_error()
        self._stop()

    def fail(self, reason: str) -> None:
        """Ends the job without a result; others try it again, a limited number of times.

        Raises:
            JobLostError: The job was given to others already.
        """
        words = " ".join(reason.split())[:_REASON_LENGTH] or "no reason was given"
        if not self._trials.end(self._attempt, AttemptState.FAILED, reason=words):
            raise self._lost_error()
        self._stop()
        self._requeue(self.candidate)

    def give_back(self) -> None:
        """Ends the job as if it had never been claimed; does nothing if it was lost already."""
        ended = self._trials.end(self._attempt, AttemptState.DROPPED)
        self._stop()
        if ended:
            self._requeue(self.candidate)

    def __enter__(self) -> ClaimedJob:  # noqa: PYI034 - Python 3.10 has no Self
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

    def _lost_error(self) -> JobLostError:
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
