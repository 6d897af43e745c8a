"""What a runner wrote down, turned into outcomes; only what is proved is believed."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgeslim.errors import (
    BadFileError,
    ProgramAbortedError,
    ProgramError,
    ProgramNotFoundError,
    ProgramTimedOutError,
    RunnerError,
)
from edgeslim.execution import PowerMode
from edgeslim.measurement import CacheState, Measurement
from edgeslim.process import Completed, last_lines, status_error
from edgeslim.runner.job import Job, Outcome
from edgeslim.runner.own_check import own_check
from edgeslim.runner.program.results import REFUSED
from edgeslim.runner.protocol import Event
from edgeslim.runner.runners import Runner

__all__ = ["Ended", "check_execution", "died", "hung", "refusal", "told"]

_FROM_OUTSIDE = {signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT}
"""Signals that no model sends to itself: somebody, or a device short of memory, did."""

_NO_SUCH_INSTRUCTION = (
    "the processor lacks instructions that these kernels use; another precision may do without"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """A job that is over.

    Args:
        outcome: How.
        from_outside: Whether somebody else ended the runner meanwhile, so that the model is
            hardly to blame.
    """

    outcome: Outcome
    from_outside: bool = False


def told(events: Sequence[Event], jobs: Sequence[Job]) -> list[Ended]:
    """All jobs that a runner tells the end of.

    Raises:
        BadFileError: It tells of other jobs, or in another order.
    """
    ended: list[Ended] = []
    so_far: list[Event] = []
    for event in events:
        if event.event not in {"measured", "finished", "failed"}:
            continue
        current = jobs[len(ended)].entry.id if len(ended) < len(jobs) else ""
        if event.id != current:
            raise BadFileError(f"the runner tells of {event.id!r} when {current!r} is its work")
        so_far.append(event)
        if event.event != "measured":
            outcome = _outcome(jobs[len(ended)], so_far)
            ended.append(Ended(outcome=outcome, from_outside=event.signal in _FROM_OUTSIDE))
            so_far = []
    return ended


def _outcome(job: Job, events: Sequence[Event]) -> Outcome:
    """The outcome of a job from its events, of which the last says how it ended."""
    *measured, last = events
    error = _failure(job, last)
    taken = [each.reference_ns for each in measured]
    return Outcome(
        id=last.id,
        measurements=() if error else tuple(_measurement(each) for each in measured),
        error=error,
        references_ms=()
        if error
        else tuple(sum(each) / len(each) / 1e6 for each in taken if each and min(each) > 0),
        disturbed=next((each.disturbed for each in measured if each.disturbed), ""),
        device_s=sum(each.busy_ns for each in measured) / 1e9,
        waited_s=sum(each.waited_ns for each in measured) / 1e9,
    )


def _failure(job: Job, last: Event) -> ProgramError | RunnerError | None:
    if last.event == "finished":
        return None
    if last.signal == signal.SIGALRM:
        return _too_long(job)
    if last.signal:
        ended = Completed(
            argv=(), status=128 + last.signal, output=b"", errors=last.reason.encode(), wall_s=0
        )
        return _death(job, ended)
    # A library that was built to raise where others end the program.
    return _own_check(job, last.reason) or RunnerError(f"{last.id}: {last.reason}")


def _measurement(event: Event) -> Measurement:
    try:
        return Measurement(
            samples_ns=event.samples_ns,
            cache=CacheState(swept_bytes=event.swept_bytes),
            warmup=event.warmup,
        )
    except ValueError as error:
        raise BadFileError(f"the runner measured nothing of {event.id!r}: {error}") from error


def check_execution(runner: Runner, start: Event) -> None:
    """Proves that models run as was asked: Paddle-Lite says nothing when it decides otherwise.

    Raises:
        RunnerError: It uses fewer threads, or other cores.
    """
    if start.event != "start" or not start.threads:
        return
    if start.threads != runner.threads:
        raise RunnerError(
            f"Paddle-Lite runs models there with {start.threads} threads, not {runner.threads}; "
            f"--threads {start.threads}"
        )
    modes = list(PowerMode)
    if modes[start.power_mode] is not runner.power_mode:
        found = modes[start.power_mode].value
        raise RunnerError(
            f"Paddle-Lite binds threads there to {found}, not {runner.power_mode.value}; "
            f"--power-mode {found}"
        )


def refusal(runner: Runner, completed: Completed) -> ProgramError | RunnerError:
    """Why a runner did not even start, which is no fault of any model."""
    if completed.status == REFUSED:
        reason = completed.errors.decode(errors="replace").strip()
        return RunnerError(f"the runner refuses to run: {reason}")
    if completed.status == 127:
        tail = last_lines(completed.errors)
        return ProgramNotFoundError(f"the {runner.name} runner cannot be started{tail}")
    return status_error("the runner does not start", completed)


def died(job: Job, completed: Completed) -> Ended:
    """What a job comes to whose runner ended in the middle of it."""
    outside = completed.status - 128 in _FROM_OUTSIDE
    outcome = Outcome(id=job.entry.id, error=_death(job, completed))
    return Ended(outcome=outcome, from_outside=outside)


def hung(job: Job, error: ProgramTimedOutError) -> Ended:
    """What a job comes to whose runner said nothing any more: the runner ends models itself."""
    return Ended(outcome=Outcome(id=job.entry.id, error=error), from_outside=True)


def _death(job: Job, completed: Completed) -> ProgramError | RunnerError:
    what = f"the runner died at {job.entry.id}"
    if completed.status == 128 + signal.SIGALRM:
        return _too_long(job)
    if completed.status == 0:
        return RunnerError(f"{what}: it ended before its work was done")
    checked = _own_check(job, completed.errors.decode(errors="replace"))
    if checked is not None:
        return checked
    # Standard output is the protocol's; the reason is among the errors.
    silent = replace(completed, output=b"")
    mend = _NO_SUCH_INSTRUCTION if completed.status == 128 + signal.SIGILL else ""
    return status_error(what, silent, mend=mend)


def _own_check(job: Job, said: str) -> ProgramAbortedError | None:
    """A model that Paddle-Lite refused by a check of its own, if it says so."""
    text = own_check(said)
    if not text:
        return None
    return ProgramAbortedError(
        f"the runner died at {job.entry.id}: a check of Paddle-Lite's own ended it: {text}"
    )


def _too_long(job: Job) -> ProgramTimedOutError:
    return ProgramTimedOutError(f"{job.entry.id} did not run within {job.entry.timeout_s:g} s")
