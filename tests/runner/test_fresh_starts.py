"""Models that start in a process of their own, in both runners on the real library."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from edgeslim.device import Location
from edgeslim.errors import ProgramTimedOutError
from edgeslim.runner.batch import run_batch
from edgeslim.runner.batch_file import write_batch
from edgeslim.runner.job import Job
from edgeslim.runner.runners import NativeRunner, Runner
from edgeslim.transports import TRANSPORTS
from tests.runner.changed_jobs import changed, with_model

COUNTED_KB = 1024
"""Linux counts memory in batches, so that two readings of the same may differ by so much."""

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is what Linux says of it")


def starting(job: Job, kind: str, number: int = 0, *, soak: int = 0) -> Job:
    return changed(job, id=f"{kind}{number}", states=(), start=kind, soak=soak)


@on_linux
@pytest.mark.slow
def test_each_start_says_what_it_took(local_runner: Runner, real_jobs: Sequence[Job]) -> None:
    jobs = [starting(real_jobs[0], "warm"), starting(real_jobs[0], "cold")]
    jobs.append(starting(real_jobs[1], "warm", 1, soak=120))
    outcomes = run_batch(local_runner, jobs)
    assert [outcome.error for outcome in outcomes] == [None] * 3
    for outcome in outcomes:
        found = outcome.start
        assert found is not None
        assert min(outcome.load_ms, outcome.first_run_ms) > 0
        assert 0 <= found.own_kb < found.loaded_kb <= found.peak_kb + COUNTED_KB
        assert 0 < found.ran_kb <= found.peak_kb + COUNTED_KB
        assert (found.own_kb > 0) == (local_runner.name == "python")
        # All of the library counts, as in an app, also what its start has touched.
        assert found.peak_kb - found.own_kb > 25_000
    *_, soaked = (outcome.start for outcome in outcomes)
    assert soaked is not None
    assert (soaked.soak_runs, len(soaked.soak_kb)) == (120, 50)
    assert max(soaked.soak_kb) <= soaked.soak_peak_kb + COUNTED_KB


@pytest.mark.slow
def test_what_does_not_start_takes_only_itself_down(
    local_runner: Runner, real_jobs: Sequence[Job], tmp_path: Path
) -> None:
    content = (real_jobs[0].files[real_jobs[0].entry.model]).read_bytes()
    cut = with_model(real_jobs[0], content[: len(content) // 2], tmp_path / "cut.nb")
    cut = replace(cut, files={"cut.nb": tmp_path / "cut.nb"})
    slow = changed(starting(real_jobs[1], "warm", 2, soak=10**8), timeout_s=0.5)
    jobs = [
        changed(starting(cut, "warm"), model="cut.nb"),
        slow,
        changed(starting(real_jobs[2], "warm", 3), library_version="v9"),
        starting(real_jobs[3], "cold"),
    ]
    broken, late, foreign, whole = run_batch(local_runner, jobs)
    assert broken.error is not None
    assert isinstance(late.error, ProgramTimedOutError)
    assert "is for Paddle-Lite v9" in str(foreign.error)
    assert whole.error is None
    assert whole.start is not None


@pytest.mark.slow
def test_starts_travel_over_ssh(
    native_runner: NativeRunner, ssh_device: Location, real_jobs: Sequence[Job]
) -> None:
    transport = TRANSPORTS.get("ssh")(ssh_device)
    transport.connect()
    runner = replace(native_runner, transport=transport)
    warm, cold = run_batch(runner, [starting(real_jobs[0], "warm"), starting(real_jobs[0], "cold")])
    transport.close()
    for outcome in (warm, cold):
        assert outcome.error is None
        assert outcome.start is not None
        assert outcome.load_ms > 0


def test_starts_have_a_batch_of_their_own(real_jobs: Sequence[Job], tmp_path: Path) -> None:
    jobs = [starting(real_jobs[0], "warm"), real_jobs[1]]
    with pytest.raises(ValueError, match="a batch of its own"):
        write_batch(tmp_path / "batch", jobs, None, threads=1, power_mode=3)
    assert msgspec.json.encode(jobs[0].entry)
