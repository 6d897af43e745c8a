"""Outcomes of jobs from the events that a runner wrote, which are checked."""

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
from edgeslim.process import CompletedProgram, last_lines, status_error
from edgeslim.runner.failed_check import failed_check
from edgeslim.runner.job import Job, Outcome, StartOutcome
from edgeslim.runner.program.results import REFUSED
from edgeslim.runner.protocol import Event
from edgeslim.runner.runners import Runner
from edgeslim.sizes import MB_OF_KIB

__all__ = [
    "EndedJob",
    "check_execution",
    "ended_jobs",
    "job_of_dead_runner",
    "job_of_hung_runner",
    "start_error",
]

_FROM_OUTSIDE = {signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT}
"""Signals that no model sends to itself, but a person or a device that is short of memory."""

_NO_SUCH_INSTRUCTION = (
    "the processor lacks instructions that these kernels use; another precision may do without"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class EndedJob:
    """A job that has ended.

    Args:
        outcome: Its measurements, or its error.
        from_outside: Whether something else ended the runner meanwhile, so that the model is
            hardly to blame.
    """

    outcome: Outcome
    from_outside: bool = False


def ended_jobs(events: Sequence[Event], jobs: Sequence[Job]) -> list[EndedJob]:
    """All jobs that have ended by the events of a runner.

    Raises:
        BadFileError: The events are of other jobs, or in another order.
    """
    ended: list[EndedJob] = []
    so_far: list[Event] = []
    for event in events:
        if event.event not in {"measured", "finished", "failed"}:
            continue
        current = jobs[len(ended)].entry.id if len(ended) < len(jobs) else ""
        if event.id != current:
            raise BadFileError(f"the runner reports {event.id!r} while {current!r} is its job")
        so_far.append(event)
        if event.event != "measured":
            outcome = _outcome(jobs[len(ended)], so_far)
            ended.append(EndedJob(outcome=outcome, from_outside=event.signal in _FROM_OUTSIDE))
            so_far = []
    return ended


def _outcome(job: Job, events: Sequence[Event]) -> Outcome:
    """The outcome of a job from its events, whose last one is its end."""
    *measured, last = events
    error = _failure(job, last)
    taken = [event.reference_ns for event in measured]
    return Outcome(
        id=last.id,
        measurements=() if error else tuple(_measurement(event) for event in measured),
        error=error,
        references_ms=()
        if error
        else tuple(sum(times) / len(times) / 1e6 for times in taken if times and min(times) > 0),
        disturbed=next((event.disturbed for event in measured if event.disturbed), ""),
        device_s=sum(event.busy_ns for event in measured) / 1e9,
        waited_s=sum(event.waited_ns for event in measured) / 1e9,
        load_ms=last.load_ns / 1e6,
        first_run_ms=last.first_run_ns / 1e6,
        memory_mb=last.memory_kb * MB_OF_KIB,
        series_s=last.series_ns / 1e9,
        interrupted=() if error else tuple(event.interrupted for event in measured),
        start=_start(last) if job.entry.start and not error else None,
    )


def _start(last: Event) -> StartOutcome:
    return StartOutcome(
        waited_ms=last.start_waited_ns / 1e6,
        own_kb=last.own_kb,
        loaded_kb=last.loaded_kb,
        ran_kb=last.ran_kb,
        peak_kb=last.peak_kb,
        kept=last.kept,
        soak_runs=last.soak_runs,
        soak_kb=last.soak_kb,
        soak_peak_kb=last.soak_peak_kb,
    )


def _failure(job: Job, last: Event) -> ProgramError | RunnerError | None:
    if last.event == "finished":
        return None
    if last.signal == signal.SIGALRM:
        return _too_long(job)
    if last.signal:
        ended = CompletedProgram(
            argv=(), status=128 + last.signal, output=b"", errors=last.reason.encode(), wall_s=0
        )
        return _death(job, ended)
    # A library that was built to raise exceptions where others end the program.
    return _failed_check(job, last.reason) or RunnerError(f"{last.id}: {last.reason}")


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
    """Checks that models run as requested, since Paddle-Lite silently changes threads and cores.

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


def start_error(runner: Runner, completed: CompletedProgram) -> ProgramError | RunnerError:
    """The error of a runner that did not start, which is no fault of any model."""
    if completed.status == REFUSED:
        reason = completed.errors.decode(errors="replace").strip()
        return RunnerError(f"the runner refuses to run: {reason}")
    if completed.status == 127:
        tail = last_lines(completed.errors)
        return ProgramNotFoundError(f"the {runner.name} runner cannot be started{tail}")
    return status_error("the runner does not start", completed)


def job_of_dead_runner(job: Job, completed: CompletedProgram) -> EndedJob:
    """The end of a job during which the runner died."""
    outside = completed.status - 128 in _FROM_OUTSIDE
    outcome = Outcome(id=job.entry.id, error=_death(job, completed))
    return EndedJob(outcome=outcome, from_outside=outside)


def job_of_hung_runner(job: Job, error: ProgramTimedOutError) -> EndedJob:
    """The end of a job during which the runner hung: it ends models that take too long itself."""
    return EndedJob(outcome=Outcome(id=job.entry.id, error=error), from_outside=True)


def _death(job: Job, completed: CompletedProgram) -> ProgramError | RunnerError:
    what = f"the runner died at {job.entry.id}"
    if completed.status == 128 + signal.SIGALRM:
        return _too_long(job)
    if completed.status == 0:
        return RunnerError(f"{what}: it ended before its work was done")
    checked = _failed_check(job, completed.errors.decode(errors="replace"))
    if checked is not None:
        return checked
    # Standard output is the protocol's; the reason is among the errors.
    silent = replace(completed, output=b"")
    mend = _NO_SUCH_INSTRUCTION if completed.status == 128 + signal.SIGILL else ""
    return status_error(what, silent, mend=mend)


def _failed_check(job: Job, errors: str) -> ProgramAbortedError | None:
    """The error of a model that a check of Paddle-Lite refused, if there is one in the output."""
    text = failed_check(errors)
    if not text:
        return None
    return ProgramAbortedError(
        f"the runner died at {job.entry.id}: a check of Paddle-Lite's own ended it: {text}"
    )


def _too_long(job: Job) -> ProgramTimedOutError:
    return ProgramTimedOutError(f"{job.entry.id} did not run within {job.entry.timeout_s:g} s")
