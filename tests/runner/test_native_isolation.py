"""The native runner on a real library: the same numbers as Python's, and nothing ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from edgeslim.runner.batch_file import write_batch
from edgeslim.runner.job import Job, Reference
from edgeslim.runner.protocol import Event, Sampling, check_complete, whole_events
from edgeslim.runner.runners import python_program
from tests.runner.native_program import NativeProgram, build_native
from tests.tools import is_alive, wait_until

pytestmark = pytest.mark.slow

QUICK = Sampling(warmup=1, minimum_samples=3, maximum_samples=8, minimum_s=0, maximum_s=0.1)
ENDLESS = Sampling(minimum_samples=10**9, maximum_samples=10**9, minimum_s=600, maximum_s=600)


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> NativeProgram:
    return build_native(tmp_path_factory.mktemp("native"))


def changed(job: Job, **fields: Any) -> Job:
    return replace(job, entry=msgspec.structs.replace(job.entry, **fields))


def write(
    folder: Path, jobs: Sequence[Job], reference: Reference | None = None, **more: int
) -> None:
    options = {"threads": 1, "power_mode": 3, **more}
    write_batch(folder / "batch", jobs, reference, **options)


def events_in(folder: Path) -> list[Event]:
    return check_complete((folder / "results.jsonl").read_bytes().splitlines())


def ends(events: Sequence[Event]) -> dict[str, Event]:
    return {each.id: each for each in events if each.event in {"finished", "failed"}}


def broken(job: Job, folder: Path) -> Job:
    """The job with half of its model: the library ends the process that loads it."""
    (name,) = job.files
    half = folder / name
    content = job.files[name].read_bytes()
    half.write_bytes(content[: len(content) // 2])
    return replace(job, files={name: half})


def children(process: int) -> list[int]:
    return [
        int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()
    ]


def begun(folder: Path, name: str) -> bool:
    results = folder / "results.jsonl"
    if not results.exists():
        return False
    return any(
        each.event == "entry" and each.id == name for each in whole_events(results.read_bytes())
    )


def test_outputs_are_those_of_the_python_runner_to_the_bit(
    native: NativeProgram, tmp_path: Path, real_jobs: Sequence[Job]
) -> None:
    jobs = [changed(job, keep_outputs=(f"{job.entry.id}.npy",)) for job in real_jobs]
    write(tmp_path, jobs)
    completed = native.run(tmp_path)
    assert completed.returncode == 0, completed.stderr
    assert completed.stdout.encode() == (tmp_path / "results.jsonl").read_bytes()
    events = events_in(tmp_path)
    start = events[0]
    assert (start.event, start.runner, start.threads, start.power_mode) == ("start", "native", 1, 3)
    assert start.pinned_cores == (max(os.sched_getaffinity(0)),)
    assert {each.event for each in ends(events).values()} == {"finished"}
    for each in events:
        if each.event == "measured":
            assert len(each.samples_ns) >= 3
            assert min(each.samples_ns) > 0
    theirs = tmp_path / "python"
    theirs.mkdir()
    arguments = [str(python_program()), str(tmp_path / "batch"), str(theirs / "results.jsonl")]
    subprocess.run([sys.executable, "-I", *arguments], check=True, capture_output=True, timeout=60)
    for job in jobs:
        (name,) = job.entry.keep_outputs
        ours, other = np.load(tmp_path / name), np.load(theirs / name)
        assert ours.dtype == other.dtype == np.float32
        assert ours.shape == other.shape == ends(events)[job.entry.id].outputs[0]
        assert ours.tobytes() == other.tobytes()
        assert np.abs(ours).max() > 0


def test_with_a_reference_and_the_sweep(
    native: NativeProgram, tmp_path: Path, real_jobs: Sequence[Job]
) -> None:
    states = (QUICK, msgspec.structs.replace(QUICK, swept_bytes=1 << 20))
    reference = Reference(job=real_jobs[1], patience_s=0.0)
    write(tmp_path, [changed(job, states=states) for job in real_jobs[2:]], reference)
    assert native.run(tmp_path).returncode == 0
    measured = [each for each in events_in(tmp_path) if each.event == "measured"]
    assert [each.swept_bytes for each in measured] == [0, 1 << 20] * 2
    assert all(min(each.reference_ns) > 0 and each.busy_ns > 0 for each in measured)


def test_a_model_that_aborts_takes_only_itself_down(
    native: NativeProgram, tmp_path: Path, real_jobs: Sequence[Job]
) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    first, second, third, fourth = real_jobs
    jobs = [broken(first, folder), second, broken(third, folder), broken(fourth, folder)]
    write(tmp_path, jobs)
    assert native.run(tmp_path).returncode == 0
    last = ends(events_in(tmp_path))
    assert [last[job.entry.id].event for job in jobs] == ["failed", "finished", "failed", "failed"]
    for job in (first, third, fourth):
        event = last[job.entry.id]
        assert event.signal in {signal.SIGABRT, signal.SIGSEGV}
        assert event.reason


def test_models_that_do_not_fit_are_told_apart(
    native: NativeProgram, tmp_path: Path, real_jobs: Sequence[Job], arm_job: Job
) -> None:
    good, other, *_ = real_jobs
    array = tmp_path / "infinite.npy"
    np.save(array, np.full(good.entry.inputs[0].shape, np.inf, np.float32))
    infinite = msgspec.structs.replace(good.entry.inputs[0], file=array.name)
    jobs = [
        arm_job,
        changed(other, library_version="v2.10"),
        replace(
            changed(good, id="infinite", inputs=(infinite,)),
            files={**good.files, array.name: array},
        ),
        changed(good, id="inputs", inputs=()),
        changed(good, id="missing", model="nowhere.nb"),
        changed(good, id="enough", keep_outputs=("a.npy", "b.npy")),
        good,
    ]
    write(tmp_path, jobs)
    assert native.run(tmp_path).returncode == 0
    last = ends(events_in(tmp_path))
    reasons = [last[job.entry.id].reason for job in jobs]
    expected = [
        "the model's kernels are for another processor (targets [4])",
        "the model is for Paddle-Lite v2.10 and this runtime is v2.13-rc",
        "output 0 has values that are not finite",
        "the model has 1 inputs and the batch 0",
        "the batch has no file nowhere.nb",
        "the model has 1 outputs",
        "",
    ]
    for reason, wanted in zip(reasons, expected, strict=True):
        assert reason.startswith(wanted), reason
    assert last[good.entry.id].event == "finished"


def test_what_does_not_end_is_ended_and_the_next_goes_on(
    native: NativeProgram, tmp_path: Path, real_jobs: Sequence[Job]
) -> None:
    slow, good, *_ = real_jobs
    write(tmp_path, [changed(slow, states=(ENDLESS,), timeout_s=0.5), good])
    started = time.monotonic()
    assert native.run(tmp_path).returncode == 0
    assert time.monotonic() - started < 60
    last = ends(events_in(tmp_path))
    assert last[slow.entry.id].signal == signal.SIGALRM
    assert "did not end in time" in last[slow.entry.id].reason
    assert last[good.entry.id].event == "finished"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_killed_child_costs_its_entry_alone(
    native: NativeProgram, tmp_path: Path, real_jobs: Sequence[Job], number: signal.Signals
) -> None:
    victim, good, *_ = real_jobs
    write(tmp_path, [changed(victim, states=(ENDLESS,)), good])
    with native.start(tmp_path) as running:
        assert wait_until(lambda: begun(tmp_path, victim.entry.id))
        (child,) = children(running.pid)
        os.kill(child, number)
        running.communicate(timeout=60)
    assert running.returncode == 0
    last = ends(events_in(tmp_path))
    assert last[victim.entry.id].signal == number
    assert last[good.entry.id].event == "finished"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_parent_leaves_whole_lines_and_no_process(
    native: NativeProgram, tmp_path: Path, real_jobs: Sequence[Job], number: signal.Signals
) -> None:
    good, victim, *_ = real_jobs
    write(tmp_path, [good, changed(victim, states=(ENDLESS,))])
    with native.start(tmp_path) as running:
        assert wait_until(lambda: begun(tmp_path, victim.entry.id))
        (child,) = children(running.pid)
        running.send_signal(number)
        running.communicate(timeout=60)
    assert wait_until(lambda: not is_alive(child))
    events = whole_events((tmp_path / "results.jsonl").read_bytes())
    assert [each.event for each in events] == ["start", "entry", "measured", "finished", "entry"]


def test_nobody_needs_to_listen(
    native: NativeProgram, tmp_path: Path, real_jobs: Sequence[Job]
) -> None:
    write(tmp_path, real_jobs)
    with native.start(tmp_path) as running:
        assert running.stdout is not None
        running.stdout.close()
        assert running.wait(timeout=60) == 0
    assert len(ends(events_in(tmp_path))) == len(real_jobs)


def test_what_cannot_be_done_is_refused(
    native: NativeProgram, tmp_path: Path, real_jobs: Sequence[Job], arm_job: Job
) -> None:
    def refusal(reference: Reference | None = None, **options: int) -> str:
        write(tmp_path, real_jobs[:1], reference, **options)
        completed = native.run(tmp_path)
        assert completed.returncode == 3
        assert completed.stdout == ""
        return completed.stderr

    assert "10000 threads do not fit on" in refusal(threads=10_000)
    assert "binds no cores" in refusal(power_mode=0)
    assert refusal(Reference(job=arm_job)).startswith("the reference model: the model's kernels")
    folder = tmp_path / "broken"
    folder.mkdir()
    said = refusal(Reference(job=broken(real_jobs[1], folder)))
    assert "before any entry, the model's process was ended by signal" in said
