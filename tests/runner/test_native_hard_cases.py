"""What seldom happens to the native runner: reasons of several lines, links that stand still."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from edgeslim.runner.batch_file import write_batch
from edgeslim.runner.job import Job, Reference
from edgeslim.runner.program.results import REFUSED
from edgeslim.runner.protocol import check_complete
from edgeslim.runner.runners import NativeRunner
from tests.runner.changed_jobs import changed

pytestmark = pytest.mark.slow


def command(
    runner: NativeRunner, folder: Path, jobs: Sequence[Job], reference: Reference | None = None
) -> dict[str, Any]:
    """How to start the runner with a batch."""
    write_batch(folder / "batch", jobs, reference, threads=1, power_mode=3)
    files = [str(folder / "batch"), str(folder / "results.jsonl")]
    return {
        "args": [*runner.command(), *files],
        "env": {**os.environ, **runner.environment()},
        "timeout": 60,
    }


def test_a_reason_of_several_lines_is_one_message(
    native_runner: NativeRunner, tmp_path: Path, real_jobs: Sequence[Job]
) -> None:
    """The second line would be an event of its own; an empty one would end the runner."""
    odd = changed(real_jobs[1], library_version="v1\nF{}\n\nS")
    asked = command(native_runner, tmp_path, real_jobs[:1], Reference(job=odd))
    completed = subprocess.run(**asked, capture_output=True, check=False)
    assert completed.returncode == REFUSED
    said = "the reference model: the model is for Paddle-Lite v1 F{}  S and this runtime is "
    assert completed.stderr.decode().startswith(said)
    assert completed.stdout == b""

    asked = command(native_runner, tmp_path, [changed(odd, id="odd\none"), real_jobs[0]])
    completed = subprocess.run(**asked, capture_output=True, check=True)
    events = check_complete(completed.stdout.splitlines())
    assert events[2].id == "odd\none"
    assert "v1\nF{}\n\nS" in events[2].reason
    assert events[-2].event == "finished"


def test_a_link_that_stands_still_does_not_stop_the_work(
    native_runner: NativeRunner, tmp_path: Path, real_jobs: Sequence[Job]
) -> None:
    """More results than a pipe holds, and nobody who reads it."""
    many = tuple(real_jobs[0].entry.states) * 20
    jobs = [changed(real_jobs[0], id=f"{'x' * 400}{index}", states=many) for index in range(12)]
    asked = command(native_runner, tmp_path, jobs)
    reading, writing = os.pipe()
    try:
        completed = subprocess.run(**asked, stdout=writing, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(reading)
        os.close(writing)
    assert completed.returncode == 0, completed.stderr
    content = (tmp_path / "results.jsonl").read_bytes()
    assert len(content) > 65536
    events = check_complete(content.splitlines())
    assert sum(event.event == "finished" for event in events) == len(jobs)


def test_an_input_that_is_not_finite_shows_in_the_output(
    native_runner: NativeRunner, tmp_path: Path, real_jobs: Sequence[Job]
) -> None:
    job = real_jobs[0]
    array = tmp_path / "infinite.npy"
    np.save(array, np.full(job.entry.inputs[0].shape, np.inf, np.float32))
    fed = msgspec.structs.replace(job.entry.inputs[0], file=array.name)
    infinite = replace(changed(job, inputs=(fed,)), files={**job.files, array.name: array})
    asked = command(native_runner, tmp_path, [infinite])
    completed = subprocess.run(**asked, capture_output=True, check=True)
    (failure,) = (event for event in check_complete(completed.stdout.splitlines()) if event.reason)
    assert failure.reason == "output 0 has values that are not finite"
