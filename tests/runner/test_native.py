"""The native runner on the real library: it does what the Python runner does, in one process
after the other."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from edgeslim.companion import lite_python
from edgeslim.conversion.operator_jobs import operator_jobs
from edgeslim.device import Location
from edgeslim.errors import ProgramAbortedError, ProgramCrashedError, ProgramTimedOutError
from edgeslim.execution import Target
from edgeslim.runner.batch import run_batch
from edgeslim.runner.build import build_runner
from edgeslim.runner.job import Job, Reference
from edgeslim.runner.outcomes import ended_jobs
from edgeslim.runner.program.noise import noise
from edgeslim.runner.program.results import REFUSED
from edgeslim.runner.protocol import PROTOCOL, Input, Sampling, check_complete
from edgeslim.runner.runners import NativeRunner, PythonRunner, Runner
from edgeslim.transports import TRANSPORTS
from tests.conftest import QUICK
from tests.runner.changed_jobs import changed, model_of, with_model
from tests.runner.native_bench import Bench, keeping
from tests.tools import is_alive, wait_until
from tests.values import MB, convolution

pytestmark = pytest.mark.slow

ENDLESS = Sampling(maximum_samples=10**9, minimum_s=100, maximum_s=100)


@pytest.fixture
def bench(native_runner: NativeRunner, tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(native_runner, tmp_path)
    yield bench
    bench.close()


def python_runner() -> PythonRunner:
    transport = TRANSPORTS.get("local")(Location())
    return PythonRunner(transport=transport, python=str(lite_python()), threads=1)


def test_a_batch_is_done_and_echoed(bench: Bench, real_jobs: Sequence[Job]) -> None:
    states = (QUICK, msgspec.structs.replace(QUICK, swept_bytes=MB))
    bench.write([changed(job, states=states) for job in real_jobs])
    status, output, errors = bench.run()
    assert (status, errors) == (0, "")
    assert output == bench.results()
    start, *between, end = check_complete(bench.results().splitlines())
    assert (start.event, start.runner, start.threads, start.power_mode) == ("start", "native", 1, 3)
    assert start.machine == os.uname().machine
    assert len(start.pinned_cores) == 1
    assert [event.event for event in between] == ["entry", "measured", "measured", "finished"] * 4
    assert [event.swept_bytes for event in between if event.event == "measured"] == [0, MB] * 4
    assert {event.version for event in between if event.event == "finished"} == {"v2.13-rc"}
    assert end.count == len(between) + 1


@pytest.mark.parametrize("name", ["native", "python"])
def test_both_runners_do_the_same_work(
    native_runner: NativeRunner, real_jobs: Sequence[Job], name: str
) -> None:
    runner: Runner = native_runner if name == "native" else python_runner()
    jobs = [changed(job, states=(QUICK, QUICK)) for job in (real_jobs[0], real_jobs[2])]
    outcomes = run_batch(runner, jobs, reference=Reference(job=real_jobs[1]))
    assert [outcome.id for outcome in outcomes] == [job.entry.id for job in jobs]
    for outcome in outcomes:
        assert outcome.error is None
        assert len(outcome.measurements) == len(outcome.references_ms) == 2
        assert min(outcome.references_ms) > 0
        assert outcome.device_s > 0


def test_outputs_equal_the_python_runner_s_to_the_bit(
    native_runner: NativeRunner, real_jobs: Sequence[Job], tmp_path: Path
) -> None:
    folder = tmp_path / "convolution"
    found = operator_jobs([convolution(8, 8)], Target.X86, folder, states=(QUICK,), name="conv")
    jobs = [*real_jobs, *(job for job in found if isinstance(job, Job))]
    noisy = [
        changed(job, inputs=tuple(msgspec.structs.replace(i, seed=7) for i in job.entry.inputs))
        for job in jobs
    ]
    for runner in (native_runner, python_runner()):
        kept = [keeping(job, tmp_path / runner.name) for job in noisy]
        assert [outcome.error for outcome in run_batch(runner, kept)] == [None] * len(jobs)
    files = sorted(path.name for path in (tmp_path / "python").iterdir())
    assert len(files) == 5
    for name in files:
        native, python = (tmp_path / folder / name for folder in ("native", "python"))
        assert native.read_bytes() == python.read_bytes(), name


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 4_000_000_000])
def test_noise_is_the_same_to_the_bit(
    native_runner: NativeRunner, real_jobs: Sequence[Job], tmp_path: Path, seed: int, positive: bool
) -> None:
    # A relu of positive noise is the noise; of any noise, its positive part.
    given = Input(shape=(1, 16, 4, 4), seed=seed, positive=positive)
    job = keeping(changed(real_jobs[2], inputs=(given,)), tmp_path / "kept")
    (outcome,) = run_batch(native_runner, [job])
    assert outcome.error is None
    wanted = noise(seed, 256, np)
    wanted = np.abs(wanted) + np.float32(0.1) if positive else np.maximum(wanted, 0)
    kept = np.load(tmp_path / "kept" / "operator2.npy")
    np.testing.assert_array_equal(kept.ravel().view(np.uint32), wanted.view(np.uint32))


@pytest.mark.parametrize("keep", [0, 20, 1000, -50])
def test_a_model_that_ends_the_library_takes_only_itself_down(
    bench: Bench, real_jobs: Sequence[Job], tmp_path: Path, keep: int
) -> None:
    broken = with_model(real_jobs[1], model_of(real_jobs[1])[:keep], tmp_path / "broken.nb")
    jobs = [real_jobs[0], broken, *real_jobs[2:]]
    bench.write(jobs)
    assert bench.run()[0] == 0
    events = check_complete(bench.results().splitlines())
    last = {event.id: event for event in events if event.event in {"finished", "failed"}}
    assert [last[job.entry.id].event for job in jobs] == ["finished", "failed"] + ["finished"] * 2
    failure = last["operator1"]
    ended = f"the model's process was ended by signal {failure.signal}"
    assert failure.signal in {signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS}
    assert failure.reason.startswith(ended)
    error = run_batch(bench.runner, jobs)[1].error
    assert isinstance(error, ProgramAbortedError | ProgramCrashedError)
    assert "the runner died at operator1" in str(error)


def test_models_that_fail_one_after_the_other_fail_each_for_itself(
    bench: Bench, real_jobs: Sequence[Job], tmp_path: Path
) -> None:
    broken = [with_model(job, b"", tmp_path / job.entry.model) for job in real_jobs[:3]]
    outcomes = run_batch(bench.runner, broken, reference=Reference(job=real_jobs[3]))
    assert all(outcome.error and outcome.id in str(outcome.error) for outcome in outcomes)


def test_what_one_entry_lacks_is_said_in_its_place(
    bench: Bench, real_jobs: Sequence[Job], arm_job: Job, tmp_path: Path
) -> None:
    np.save(tmp_path / "inf.npy", np.full((1, 16, 4, 4), np.inf, np.float32))
    np.save(tmp_path / "object.npy", np.array([object()]), allow_pickle=True)
    np.save(tmp_path / "fortran.npy", np.asfortranarray(np.ones((4, 4), np.float32)))
    (tmp_path / "short.npy").write_bytes((tmp_path / "inf.npy").read_bytes()[:-1])
    (tmp_path / "text.npy").write_bytes(b"no array at all")
    old = bytearray(model_of(real_jobs[2]))
    old[2:18] = b"v2.10\0".ljust(16, b"\x7f")
    cases = {
        "the model's kernels are for another processor (targets [4])": arm_job,
        "the model is for Paddle-Lite v2.10 and this runtime is v2.13-rc": with_model(
            changed(real_jobs[2], model="old.nb"), bytes(old), tmp_path / "old.nb"
        ),
        "the model is for Paddle-Lite v2.9 and this": changed(real_jobs[2], library_version="v2.9"),
        "output 0 has values that are not finite": "inf.npy",
        "object.npy has elements of another type than numbers": "object.npy",
        "fortran.npy is in Fortran's order": "fortran.npy",
        "short.npy is cut off": "short.npy",
        "text.npy is no file of NumPy's": "text.npy",
        "the batch has no file missing.npy": "missing.npy",
        "there is no noise of type complex64": Input(shape=(1,), dtype="complex64"),
        "an array has an impossible extent, -1": Input(shape=(-1,)),
        "an array has an impossible extent, 1000000000": Input(shape=(10**9, 10**9)),
    }
    jobs = []
    for index, case in enumerate(cases.values()):
        job = case if isinstance(case, Job) else real_jobs[2]
        if isinstance(case, str):
            given = Input(shape=(1, 16, 4, 4), file=case)
            files = {case: tmp_path / case} if (tmp_path / case).exists() else {}
            job = replace(changed(job, inputs=(given,)), files={**job.files, **files})
        elif isinstance(case, Input):
            job = changed(job, inputs=(case,))
        if not isinstance(case, Job) or "v2.10" not in list(cases)[index]:
            name = f"{index}.nb"
            content = model_of(job)
            job = replace(changed(job, model=name), files={**job.files, name: tmp_path / name})
            (tmp_path / name).write_bytes(content)
        jobs.append(changed(job, id=f"case{index}"))
    bench.write([*jobs, real_jobs[0]])
    assert bench.run()[0] == 0
    events = check_complete(bench.results().splitlines())
    reasons = [event.reason for event in events if event.event == "failed"]
    assert len(reasons) == len(cases)
    for expected, reason in zip(cases, reasons, strict=True):
        assert expected in reason
    assert events[-2].event == "finished"


def test_an_entry_that_takes_too_long_is_ended_and_the_rest_goes_on(
    native_runner: NativeRunner, real_jobs: Sequence[Job]
) -> None:
    slow = changed(real_jobs[1], states=(QUICK, ENDLESS), timeout_s=0.5)
    outcomes = run_batch(native_runner, [real_jobs[0], slow, *real_jobs[2:]])
    assert [outcome.error is None for outcome in outcomes] == [True, False, True, True]
    error = outcomes[1].error
    assert isinstance(error, ProgramTimedOutError)
    assert str(error) == "operator1 did not run within 0.5 s"


@pytest.mark.parametrize("timeout_s", [0.0, 0.001, 0.002, 0.004])
def test_at_the_very_end_of_its_time_an_entry_ends_one_way_or_the_other(
    bench: Bench, real_jobs: Sequence[Job], timeout_s: float
) -> None:
    jobs = [changed(real_jobs[1], id=f"job{n}", timeout_s=timeout_s) for n in range(40)]
    bench.write(jobs)
    assert bench.run()[0] == 0
    ended = ended_jobs(check_complete(bench.results().splitlines()), jobs)
    assert [end.outcome.id for end in ended] == [job.entry.id for job in jobs]


def test_next_to_a_slow_reference_patience_ends_once_for_all(
    bench: Bench, real_jobs: Sequence[Job], tmp_path: Path
) -> None:
    impossible = Reference(job=real_jobs[1], baseline_ms=1e-6, patience_s=0.3)
    broken = with_model(changed(real_jobs[3], id="broken"), b"", tmp_path / "operator3.nb")
    bench.write([real_jobs[0], broken, real_jobs[2]], impossible)
    assert bench.run()[0] == 0
    events = check_complete(bench.results().splitlines())
    first, second = (event for event in events if event.event == "measured")
    assert first.disturbed == second.disturbed == "the device was slow"
    assert first.waited_ns > 0.3e9
    # The process after the broken model knows that no patience is left.
    assert second.waited_ns == 0


def children_of(process_id: int) -> list[int]:
    text = Path(f"/proc/{process_id}/task/{process_id}/children").read_text()
    return [int(word) for word in text.split()]


def at_the_endless(bench: Bench, job: Job) -> tuple[subprocess.Popen[bytes], int]:
    """A runner in the middle of a model that never ends, and the process of the model."""
    results = bench.folder / "results.jsonl"
    results.unlink(missing_ok=True)
    child = bench.start(stdout=subprocess.DEVNULL)
    mark = f'"entry", "id": "{job.entry.id}"'.encode()
    assert wait_until(lambda: results.exists() and mark in results.read_bytes())
    (model,) = children_of(child.pid)
    return child, model


def test_a_model_s_process_that_somebody_ends_costs_that_entry(
    bench: Bench, real_jobs: Sequence[Job]
) -> None:
    slow = changed(real_jobs[1], states=(ENDLESS,))
    bench.write([real_jobs[0], slow, real_jobs[2]])
    child, model = at_the_endless(bench, slow)
    os.kill(model, signal.SIGKILL)
    child.communicate(timeout=60)
    assert child.returncode == 0
    events = check_complete(bench.results().splitlines())
    (failure,) = (event for event in events if event.event == "failed")
    assert (failure.id, failure.signal) == ("operator1", 9)
    assert failure.reason == "the model's process was ended by signal 9"
    assert events[-2].event == "finished"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_model_s_process_does_not_outlive_the_runner(
    bench: Bench, real_jobs: Sequence[Job], number: int
) -> None:
    slow = changed(real_jobs[1], states=(ENDLESS,))
    bench.write([real_jobs[0], slow])
    child, model = at_the_endless(bench, slow)
    child.send_signal(number)
    child.communicate(timeout=60)
    assert child.returncode == -number
    assert wait_until(lambda: not is_alive(model))
    assert [event.event for event in bench.events()] == [
        *("start", "entry", "measured", "finished", "entry")
    ]


def test_what_linux_alone_can_do_is_not_needed(
    bench: Bench, real_jobs: Sequence[Job], tmp_path: Path
) -> None:
    compiler = tmp_path / "portable"
    compiler.write_text('#!/bin/sh\nexec g++ -DEDGESLIM_PORTABLE -Wextra -Werror "$@"\n')
    compiler.chmod(0o755)
    out, built = build_runner("linux-x86-64", compiler=str(compiler), out=tmp_path / "runner")
    bench = replace(bench, runner=replace(bench.runner, folder=out, built=built))
    bench.write(real_jobs[:2])
    assert bench.run()[0] == 0
    assert check_complete(bench.results().splitlines())[0].pinned_cores == ()
    slow = changed(real_jobs[1], states=(ENDLESS,))
    bench.write([slow])
    child, model = at_the_endless(bench, slow)
    child.kill()
    child.communicate(timeout=60)
    assert wait_until(lambda: not is_alive(model))


def test_nobody_needs_to_watch(bench: Bench, real_jobs: Sequence[Job]) -> None:
    bench.write(real_jobs)
    reading, writing = os.pipe()
    os.close(reading)
    with bench.start(stdout=writing) as child:
        os.close(writing)
        child.communicate(timeout=60)
    assert child.returncode == 0
    assert check_complete(bench.results().splitlines())


def test_an_empty_batch_has_a_start_and_an_end(bench: Bench) -> None:
    bench.write([])
    assert bench.run()[0] == 0
    assert [e.event for e in check_complete(bench.results().splitlines())] == ["start", "end"]


def no_change(content: bytes) -> bytes:
    return content


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (no_change, {"threads": 10_000}, "10000 threads do not fit on"),
        (no_change, {"power_mode": 0}, "binds no cores; use the power mode no-bind"),
        (
            lambda content: content.replace(f'"protocol":{PROTOCOL}'.encode(), b'"protocol":9'),
            {},
            f"the manifest has protocol 9; this runner speaks {PROTOCOL}",
        ),
        (lambda content: content + b"x", {}, "did not arrive whole: its checksum differs"),
        (lambda content: content[: len(content) // 2], {}, "does not begin with a manifest"),
        (lambda content: b"", {}, "does not begin with a manifest"),
        (lambda content: b"[1, 2]\n", {}, "does not begin with a manifest"),
        (lambda content: content.replace(b'"threads":1', b'"threads":"1"'), {}, "threads is no"),
        (lambda content: content.replace(b'"files"', b'"tiles"'), {}, "files is missing"),
    ],
)
def test_a_batch_that_cannot_be_done_is_refused(
    bench: Bench, change: Callable[[bytes], bytes], options: dict[str, Any], message: str
) -> None:
    bench.write([], **options)
    path = bench.folder / "batch"
    path.write_bytes(change(path.read_bytes()))
    status, output, errors = bench.run()
    assert status == REFUSED
    assert message in errors
    assert errors.count("\n") == 1
    assert output == b""
    assert not (bench.folder / "results.jsonl").exists()


def test_a_reference_that_cannot_run_is_refused(bench: Bench, real_jobs: Sequence[Job]) -> None:
    bench.write(real_jobs[:1], Reference(job=changed(real_jobs[1], kernel_targets=(4,))))
    status, _, errors = bench.run()
    assert status == REFUSED
    assert errors.startswith("the reference model: the model's kernels are for another processor")


def test_a_missing_batch_and_a_full_folder_are_said(bench: Bench) -> None:
    assert "the batch cannot be read" in bench.run()[2]
    bench.write([])
    (bench.folder / "results.jsonl").mkdir()
    status, _, errors = bench.run()
    assert status == 1
    assert "the runner failed: cannot write" in errors
