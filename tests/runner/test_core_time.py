"""Runs that other programs interrupt, in both runners: they count with the time on a core."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edgeslim.conversion.operator_jobs import operator_jobs
from edgeslim.execution import Target
from edgeslim.runner.batch import run_batch
from edgeslim.runner.job import Job
from edgeslim.runner.protocol import Sampling
from edgeslim.runner.runners import Runner
from tests.measuring.conftest import hog
from tests.values import convolution

pytestmark = pytest.mark.slow

LONG = convolution(128, 128, 80)
"""An operator that takes longer than a program is left alone on a core."""


@pytest.mark.alone
def test_an_interrupted_run_is_marked_unless_its_time_on_the_core_counts(
    local_runner: Runner, tmp_path: Path
) -> None:
    state = Sampling(minimum_samples=6, maximum_samples=6, minimum_s=0, maximum_s=9)
    states = (state, msgspec.structs.replace(state, core_time=True))
    (job,) = operator_jobs([LONG], Target.X86, tmp_path, states=states)
    assert isinstance(job, Job)
    with hog(), hog():
        (outcome,) = run_batch(local_runner, [job])
    assert "other programs interrupted" in outcome.disturbed
    all_of_it, on_the_core = (found.latency_ms for found in outcome.measurements)
    assert on_the_core < all_of_it
    only = (states[1],)
    again = msgspec.structs.replace(job.entry, states=only)
    with hog(), hog():
        (outcome,) = run_batch(local_runner, [Job(entry=again, files=job.files)])
    assert not outcome.disturbed
