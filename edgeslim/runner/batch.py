"""The host's side of a batch: send it, follow it, survive it, and check what comes back."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import as_file, files
from pathlib import Path, PurePosixPath

import msgspec

from edgeslim.errors import (
    BadFileError,
    ProgramError,
    ProgramNotFoundError,
    ProgramTimedOutError,
    RunnerError,
)
from edgeslim.files import temporary_folder
from edgeslim.measurement import CacheState, Measurement
from edgeslim.process import Completed, last_lines, status_error
from edgeslim.runner.program import REFUSED
from edgeslim.runner.protocol import Entry, Event, Manifest, check_complete, parse_event
from edgeslim.transports import Transport

__all__ = ["Job", "Outcome", "PythonRunner", "Reference", "run_batch"]

_START_S = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One model to time.

    Args:
        entry: How; its file names are those of ``files``.
        files: Local file of each name that the entry uses.
        outputs: Where each kept output goes, by its name in the entry.
    """

    entry: Entry
    files: Mapping[str, Path]
    outputs: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How one job ended: measurements in the order of its states, or an error.

    Args:
        id: Name of the job.
        measurements: One for each state.
        error: Why there are none.
        references_ms: What the reference took around each of them; empty without one.
        disturbed: What disturbed the device meanwhile, or nothing.
        device_s: Time the runner spent on it.
        waited_s: Time it waited for a disturbed device.
    """

    id: str
    measurements: tuple[Measurement, ...] = ()
    error: ProgramError | RunnerError | None = None
    references_ms: tuple[float, ...] = ()
    disturbed: str = ""
    device_s: float = 0.0
    waited_s: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A model that is run between all else, to see whether something disturbs the device.

    Args:
        job: The model; its states do not matter.
        baseline_ms: What it took at best so far; 0 is not known.
        patience_s: How long a batch may wait for a disturbed device.
    """

    job: Job
    baseline_ms: float = 0.0
    patience_s: float = 20.0


@dataclass(frozen=True, kw_only=True, slots=True)
class PythonRunner:
    """The runner as a Python program, where Paddle-Lite's wheel is installed.

    Args:
        transport: Way to the device.
        python: Python there.
        threads: Threads that models run with.
    """

    transport: Transport
    python: str
    threads: int

    def environment(self) -> dict[str, str]:
        """Variables that make every thread pool as large as asked."""
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        return dict.fromkeys(names, str(self.threads))


def run_batch(
    runner: PythonRunner,
    jobs: Sequence[Job],
    *,
    reference: Reference | None = None,
    on_done: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Times models one after the other; failures are results, in order with the rest.

    A model that ends the runner is marked failed, and the others go on in a new one.

    Args:
        runner: What runs them.
        jobs: The models; their ids differ.
        reference: What is run between them; its file names differ from theirs.
        on_done: Called as each is done, in order.

    Raises:
        ValueError: Two jobs share an id, or a file name for different files.
        RunnerError: The runner refuses to run at all.
        ProgramError: It does not even start, such as for want of a Python on the device.
        BadFileError: What it said is not what it wrote down.
    """
    _check_names([*jobs, *([reference.job] if reference else [])])
    outcomes: list[Outcome] = []

    def finish(outcome: Outcome) -> None:
        outcomes.append(outcome)
        if on_done is not None:
            on_done(outcome)

    while len(outcomes) < len(jobs):
        _one_process(runner, jobs[len(outcomes) :], reference, finish)
    return outcomes


def _check_names(jobs: Sequence[Job]) -> None:
    """A batch's files share one folder: a name that meant two would time the wrong model."""
    sources: dict[str, Path] = {}
    for job in jobs:
        for name, source in job.files.items():
            if sources.setdefault(name, source) != source:
                raise ValueError(f"{name} names both {sources[name]} and {source}")
    ids = [job.entry.id for job in jobs]
    if len(set(ids)) != len(ids):
        raise ValueError(f"the ids of a batch must differ: {ids}")


class _Follower:
    """Turns the runner's lines into outcomes as they come."""

    def __init__(self, jobs: Sequence[Job], finish: Callable[[Outcome], None]) -> None:
        self._jobs = jobs
        self._finish = finish
        self._measured: list[Measurement] = []
        self._references_ms: list[float] = []
        self._disturbed = ""
        self._busy_ns = 0
        self._waited_ns = 0
        self.started = False
        self.finished = 0
        self.failed: set[str] = set()

    @property
    def done(self) -> bool:
        return self.finished == len(self._jobs)

    def read(self, line: bytes) -> None:
        self.follow(parse_event(line))

    def follow(self, event: Event) -> None:
        if event.event == "start":
            self.started = True
        elif event.event in {"measured", "finished", "failed"}:
            self._check_turn(event)
        if event.event == "measured":
            self._busy_ns += event.busy_ns
            self._waited_ns += event.waited_ns
            self._measured.append(_measurement(event))
            self._disturbed = self._disturbed or event.disturbed
            if event.reference_ns and min(event.reference_ns) > 0:
                middle = sum(event.reference_ns) / len(event.reference_ns)
                self._references_ms.append(middle / 1e6)
        elif event.event in {"finished", "failed"}:
            failure = RunnerError(f"{event.id}: {event.reason}") if event.reason else None
            self.end(failure)

    def _check_turn(self, event: Event) -> None:
        current = "" if self.done else self._jobs[self.finished].entry.id
        if event.id != current:
            raise BadFileError(f"the runner tells of {event.id!r} when {current!r} is its work")

    def end(self, error: ProgramError | RunnerError | None) -> None:
        """The current job is over."""
        job = self._jobs[self.finished]
        if error is not None:
            self.failed.add(job.entry.id)
        outcome = Outcome(
            id=job.entry.id,
            measurements=() if error else tuple(self._measured),
            error=error,
            references_ms=() if error else tuple(self._references_ms),
            disturbed=self._disturbed,
            device_s=self._busy_ns / 1e9,
            waited_s=self._waited_ns / 1e9,
        )
        self._measured, self._references_ms, self._disturbed = [], [], ""
        self._busy_ns = self._waited_ns = 0
        self.finished += 1
        self._finish(outcome)


def _measurement(event: Event) -> Measurement:
    try:
        return Measurement(
            samples_ns=event.samples_ns,
            cache=CacheState(swept_bytes=event.swept_bytes),
            warmup=event.warmup,
        )
    except ValueError as error:
        raise BadFileError(f"the runner measured nothing of {event.id!r}: {error}") from error


def _one_process(
    runner: PythonRunner,
    jobs: Sequence[Job],
    reference: Reference | None,
    finish: Callable[[Outcome], None],
) -> None:
    """Runs one runner until all is done or it dies; then the job it was at has failed."""
    transport, follower = runner.transport, _Follower(jobs, finish)
    with transport.folder() as folder, temporary_folder() as here:
        _send(transport, folder, here, *_manifest(runner, jobs, reference))
        try:
            completed = transport.run(
                [
                    runner.python,
                    "-I",
                    str(folder / "program.py"),
                    str(folder / "manifest.json"),
                    str(folder / "results.jsonl"),
                ],
                timeout_s=_START_S
                + sum(job.entry.timeout_s for job in jobs)
                + (reference.patience_s if reference else 0.0),
                environment=runner.environment(),
                on_line=follower.read,
            )
        except ProgramTimedOutError as error:
            if not follower.started or follower.done:
                raise
            follower.end(error)
            return
        if not follower.started:
            raise _refusal(completed)
        if not follower.done:
            follower.end(_death(jobs[follower.finished], completed))
            return
        _check(transport, folder, here)
        for job in jobs:
            if job.entry.id in follower.failed:
                continue  # it has no outputs
            for name, target in job.outputs.items():
                transport.pull(folder / name, target)


def _manifest(
    runner: PythonRunner, jobs: Sequence[Job], reference: Reference | None
) -> tuple[Manifest, Sequence[Job]]:
    """What the runner is to do, and the models that it needs for that."""
    entries = tuple(job.entry for job in jobs)
    if reference is None:
        return Manifest(entries=entries, threads=runner.threads), jobs
    manifest = Manifest(
        entries=entries,
        threads=runner.threads,
        reference=reference.job.entry,
        baseline_ns=round(reference.baseline_ms * 1e6),
        patience_s=reference.patience_s,
    )
    return manifest, [*jobs, reference.job]


def _send(
    transport: Transport,
    folder: PurePosixPath,
    here: Path,
    manifest: Manifest,
    jobs: Sequence[Job],
) -> None:
    file = here / "manifest.json"
    file.write_bytes(msgspec.json.encode(manifest))
    transport.push(file, folder / "manifest.json")
    with as_file(files("edgeslim.runner") / "program.py") as program:
        transport.push(program, folder / "program.py")
    sent: set[str] = set()
    for job in jobs:
        for name, source in job.files.items():
            if name not in sent:
                transport.push(source, folder / name)
                sent.add(name)


def _check(transport: Transport, folder: PurePosixPath, here: Path) -> None:
    """Proves that what was followed is what the device wrote."""
    copy = here / "results.jsonl"
    transport.pull(folder / "results.jsonl", copy)
    check_complete(copy.read_bytes().splitlines())


def _refusal(completed: Completed) -> ProgramError | RunnerError:
    """Why the runner did not even start, which is no fault of any model."""
    if completed.status == REFUSED:
        reason = completed.errors.decode(errors="replace").strip()
        return RunnerError(f"the runner refuses to run: {reason}")
    if completed.status == 127:
        return ProgramNotFoundError(f"there is no such Python{last_lines(completed.errors)}")
    return status_error("the runner does not start", completed)


def _death(job: Job, completed: Completed) -> ProgramError | RunnerError:
    """What ended the runner in the middle of a job."""
    what = f"the runner died at {job.entry.id}"
    if completed.status == 128 + signal.SIGALRM:
        return ProgramTimedOutError(f"{job.entry.id} did not run within {job.entry.timeout_s:g} s")
    if completed.status == 0:
        return RunnerError(f"{what}: it ended before its work was done")
    # Standard output is the protocol's; the reason is among the errors.
    silent = replace(completed, output=b"")
    return status_error(what, silent, mend="convert the model again for this device")
