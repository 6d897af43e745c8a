"""The host's side of a batch: send it, wait for the runner, and check the results.

The results file on the device is what counts; printed lines only show that the runner is alive. So
a lost link can neither lose a sample nor invent one: when the device is back, the file is fetched,
and the jobs that have no end in it are sent again.

A model at which somebody else killed the runner is tried once more; one that ends the runner
itself has failed. If that was a check of Paddle-Lite's own, its text is shown and the operator is
named: of a measured network by running its operators one by one, of a deployed model by its parts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edgeslim.errors import BadFileError, LinkLostError, ProgramTimedOutError
from edgeslim.execution import PowerMode
from edgeslim.files import temporary_folder
from edgeslim.process import CompletedProgram
from edgeslim.runner.batch_file import write_batch
from edgeslim.runner.job import Job, Outcome, Reference
from edgeslim.runner.link import reconnect, retry
from edgeslim.runner.outcomes import (
    EndedJob,
    check_execution,
    ended_jobs,
    job_of_dead_runner,
    job_of_hung_runner,
    start_error,
)
from edgeslim.runner.protocol import check_complete, whole_events
from edgeslim.runner.runners import Runner
from edgeslim.runner.series import check_series

__all__ = ["run_batch"]

_START_S = 60.0
_LOSSES = 20
"""Links lost in a row without a finished job after which a batch is given up."""


def run_batch(
    runner: Runner, jobs: Sequence[Job], *, reference: Reference | None = None
) -> list[Outcome]:
    """Times models one after the other; failures are results, in order with the rest.

    A model that crashes the runner has failed, and the others continue in a new one. A model that
    was running when something else ended the runner is tried once more.

    Args:
        runner: The runner on the device.
        jobs: Models to time, with different ids.
        reference: Model that is run between them, with other file names than theirs.

    Raises:
        ValueError: Two jobs share an id, or a file name for different files.
        RunnerError: The runner refuses to run at all.
        ProgramError: The runner does not start, such as without a Python on the device.
        BadFileError: The results are damaged or do not fit the jobs.
        LinkError: The device was lost for good, or is full.
    """
    ended = _run_in_order(runner, jobs, reference)
    outside = [job for job, end in zip(jobs, ended, strict=True) if end.from_outside]
    second = {end.outcome.id: end.outcome for end in _run_in_order(runner, outside, reference)}
    return [second.get(end.outcome.id, end.outcome) for end in ended]


def _run_in_order(
    runner: Runner, jobs: Sequence[Job], reference: Reference | None
) -> list[EndedJob]:
    """Runs each job once, in as many processes as it takes."""
    ended: list[EndedJob] = []
    losses = 0
    while len(ended) < len(jobs):
        attempt = _one_process(runner, jobs[len(ended) :], reference)
        losses = 0 if attempt.ended else losses + 1
        ended += attempt.ended
        if attempt.lost is not None and losses >= _LOSSES:
            raise attempt.lost
    return ended


@dataclass(frozen=True, kw_only=True, slots=True)
class _Attempt:
    """The jobs that are over after one process of the runner, and whether its link was lost."""

    ended: Sequence[EndedJob] = ()
    lost: LinkLostError | None = None


def _one_process(runner: Runner, jobs: Sequence[Job], reference: Reference | None) -> _Attempt:
    """Runs one runner until all jobs are done, or it or the link ends."""
    transport = runner.transport
    with temporary_folder() as here:
        number = list(PowerMode).index(runner.power_mode)
        batch = here / "batch"
        write_batch(batch, jobs, reference, threads=runner.threads, power_mode=number)
        try:
            command = runner.command()
            with transport.folder() as folder:
                transport.push(batch, folder / "batch", checked=False)  # the runner does
                process = _run(runner, command, folder, _time_limits(jobs, reference))
                if isinstance(process, LinkLostError):
                    reconnect(transport)
                ended = _collect_ended(runner, process, folder, here, jobs)
                lost = process if isinstance(process, LinkLostError) else None
                return _Attempt(ended=ended, lost=lost)
        except LinkLostError as error:
            reconnect(transport)
            return _Attempt(lost=error)


def _time_limits(jobs: Sequence[Job], reference: Reference | None) -> tuple[float, float]:
    """Seconds that the runner may take in all, and that it may be silent."""
    start = _START_S + (reference.patience_s if reference else 0.0)
    limits = [job.entry.timeout_s for job in jobs]
    return start + sum(limits), start + max(limits)


def _run(
    runner: Runner, command: Sequence[str], folder: PurePosixPath, allowed: tuple[float, float]
) -> CompletedProgram | ProgramTimedOutError | LinkLostError:
    """Runs the runner; returns how it ended."""
    try:
        return runner.transport.run(
            [*command, str(folder / "batch"), str(folder / "results.jsonl")],
            timeout_s=allowed[0],
            quiet_s=allowed[1],
            environment=runner.environment(),
        )
    except (ProgramTimedOutError, LinkLostError) as error:
        return error


def _collect_ended(
    runner: Runner,
    process: CompletedProgram | ProgramTimedOutError | LinkLostError,
    folder: PurePosixPath,
    here: Path,
    jobs: Sequence[Job],
) -> list[EndedJob]:
    """Jobs that have ended, by the results file and by how the runner itself ended."""
    content = retry(runner.transport, _results_fetcher(runner, folder, here))
    events = whole_events(content)
    for event in events[:1]:
        check_execution(runner, event)
    ended = ended_jobs(events, jobs)
    for job, end in zip(jobs, ended, strict=False):
        if end.outcome.error is None:
            check_series(job, end.outcome, runner.name)
            _fetch_outputs(runner, folder, job)
    if isinstance(process, LinkLostError):
        return ended
    if not any(event.event == "start" for event in events):
        raise process if isinstance(process, ProgramTimedOutError) else start_error(runner, process)
    if len(ended) < len(jobs):
        current = jobs[len(ended)]
        if isinstance(process, ProgramTimedOutError):
            return [*ended, job_of_hung_runner(current, process)]
        return [*ended, job_of_dead_runner(current, process)]
    if isinstance(process, CompletedProgram) and process.status == 0:
        check_complete(content.splitlines())
    return ended


def _results_fetcher(runner: Runner, folder: PurePosixPath, here: Path) -> Callable[[], bytes]:
    """A function that fetches the results file; it is empty if the runner did not write one."""

    def fetch() -> bytes:
        copy = here / "results.jsonl"
        try:
            runner.transport.pull(folder / "results.jsonl", copy)
        except BadFileError:
            return b""
        return copy.read_bytes()

    return fetch


def _fetch_outputs(runner: Runner, folder: PurePosixPath, job: Job) -> None:
    for name, target in job.outputs.items():
        retry(runner.transport, lambda n=name, t=target: runner.transport.pull(folder / n, t))  # type: ignore[misc]
