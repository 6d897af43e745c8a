"""The host's side of a batch: send it, survive it, and check what comes back.

The results file on the device is what counts; what is printed meanwhile only shows that the
runner lives. So a link that breaks off can neither lose a sample nor invent one: when the
device is back, the file is fetched, and the jobs that it does not tell the end of are sent
again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edgeslim.errors import BadFileError, LinkLostError, ProgramTimedOutError
from edgeslim.execution import PowerMode
from edgeslim.files import temporary_folder
from edgeslim.process import Completed
from edgeslim.runner.batch_file import write_batch
from edgeslim.runner.job import Job, Outcome, Reference
from edgeslim.runner.link import again, reconnect
from edgeslim.runner.outcomes import Ended, check_execution, died, hung, refusal, told
from edgeslim.runner.protocol import check_complete, whole_events
from edgeslim.runner.runners import Runner

__all__ = ["run_batch"]

_START_S = 60.0
_LOSSES = 20
"""Links lost in a row without a job done, from which on the work is given up."""


def run_batch(
    runner: Runner, jobs: Sequence[Job], *, reference: Reference | None = None
) -> list[Outcome]:
    """Times models one after the other; failures are results, in order with the rest.

    A model that ends the runner is marked failed, and the others go on in a new one. A model
    at which somebody else ended the runner is tried once more.

    Args:
        runner: What runs them.
        jobs: The models; their ids differ.
        reference: What is run between them; its file names differ from theirs.

    Raises:
        ValueError: Two jobs share an id, or a file name for different files.
        RunnerError: The runner refuses to run at all.
        ProgramError: It does not even start, such as for want of a Python on the device.
        BadFileError: What it wrote down is not what it should be.
        LinkError: The device was lost for good, or is full.
    """
    ended = _in_order(runner, jobs, reference)
    outside = [job for job, each in zip(jobs, ended, strict=True) if each.from_outside]
    second = {each.outcome.id: each.outcome for each in _in_order(runner, outside, reference)}
    return [second.get(each.outcome.id, each.outcome) for each in ended]


def _in_order(runner: Runner, jobs: Sequence[Job], reference: Reference | None) -> list[Ended]:
    """Each job once, in as many processes as it takes."""
    ended: list[Ended] = []
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

    ended: Sequence[Ended] = ()
    lost: LinkLostError | None = None


def _one_process(runner: Runner, jobs: Sequence[Job], reference: Reference | None) -> _Attempt:
    """Runs one runner until all is done, or it or the link is no more."""
    transport = runner.transport
    with temporary_folder() as here:
        number = list(PowerMode).index(runner.power_mode)
        batch = here / "batch"
        write_batch(batch, jobs, reference, threads=runner.threads, power_mode=number)
        try:
            command = runner.command()
            with transport.folder() as folder:
                transport.push(batch, folder / "batch", checked=False)  # the runner does
                process = _run(runner, command, folder, _allowed(jobs, reference))
                if isinstance(process, LinkLostError):
                    reconnect(transport)
                ended = _ended(runner, process, folder, here, jobs)
                lost = process if isinstance(process, LinkLostError) else None
                return _Attempt(ended=ended, lost=lost)
        except LinkLostError as error:
            reconnect(transport)
            return _Attempt(lost=error)


def _allowed(jobs: Sequence[Job], reference: Reference | None) -> tuple[float, float]:
    """How long the runner may take in all, and how long it may be silent, in seconds."""
    start = _START_S + (reference.patience_s if reference else 0.0)
    each = [job.entry.timeout_s for job in jobs]
    return start + sum(each), start + max(each)


def _run(
    runner: Runner, command: Sequence[str], folder: PurePosixPath, allowed: tuple[float, float]
) -> Completed | ProgramTimedOutError | LinkLostError:
    """How the runner ended."""
    try:
        return runner.transport.run(
            [*command, str(folder / "batch"), str(folder / "results.jsonl")],
            timeout_s=allowed[0],
            quiet_s=allowed[1],
            environment=runner.environment(),
        )
    except (ProgramTimedOutError, LinkLostError) as error:
        return error


def _ended(
    runner: Runner,
    process: Completed | ProgramTimedOutError | LinkLostError,
    folder: PurePosixPath,
    here: Path,
    jobs: Sequence[Job],
) -> list[Ended]:
    """The jobs that are over, by what the runner wrote down and by how it ended itself."""
    content = again(runner.transport, _fetching(runner, folder, here))
    events = whole_events(content)
    for event in events[:1]:
        check_execution(runner, event)
    ended = told(events, jobs)
    for job, each in zip(jobs, ended, strict=False):
        if each.outcome.error is None:
            _fetch_outputs(runner, folder, job)
    if isinstance(process, LinkLostError):
        return ended
    if not any(event.event == "start" for event in events):
        raise process if isinstance(process, ProgramTimedOutError) else refusal(runner, process)
    if len(ended) < len(jobs):
        current = jobs[len(ended)]
        if isinstance(process, ProgramTimedOutError):
            return [*ended, hung(current, process)]
        return [*ended, died(current, process)]
    if isinstance(process, Completed) and process.status == 0:
        check_complete(content.splitlines())
    return ended


def _fetching(runner: Runner, folder: PurePosixPath, here: Path) -> Callable[[], bytes]:
    """What the runner wrote down; nothing if it did not get as far."""

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
        again(runner.transport, lambda n=name, t=target: runner.transport.pull(folder / n, t))  # type: ignore[misc]
