"""What every kind of operator must do: survive the optimizer as itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.companion import lite_python
from edgeslim.conversion.operator_jobs import operator_jobs
from edgeslim.device import Location
from edgeslim.execution import Target
from edgeslim.ops import known_kinds
from edgeslim.runner.batch import run_batch
from edgeslim.runner.job import Job
from edgeslim.runner.protocol import Sampling
from edgeslim.runner.runners import PythonRunner
from edgeslim.transports import TRANSPORTS
from tests.lite.kernel_targets import KERNEL_TARGETS
from tests.paddle_io.operator_examples import examples
from tests.tools import require_module

pytestmark = pytest.mark.slow

SPECS = [spec for kind in known_kinds().values() for spec in examples(kind)]
QUICK = Sampling(warmup=1, minimum_samples=3, maximum_samples=8, minimum_s=0, maximum_s=0.1)


def test_there_is_an_example_of_every_kind() -> None:
    assert {spec.kind for spec in SPECS} == set(known_kinds())
    assert len(set(SPECS)) == len(SPECS)


def assert_run(jobs: list[Job]) -> None:
    """Proves that the runtime of this machine runs them and gives finite numbers."""
    runner = PythonRunner(
        transport=TRANSPORTS.get("local")(Location()), python=str(lite_python()), threads=1
    )
    outcomes = run_batch(runner, jobs)
    failed = {str(SPECS[i]): outcome.error for i, outcome in enumerate(outcomes) if outcome.error}
    assert not failed
    assert len(outcomes) == len(jobs)


@pytest.mark.parametrize("target", list(Target))
def test_every_kind_converts_and_stays_what_it_is(target: Target, tmp_path: Path) -> None:
    require_module("paddlelite")
    jobs = operator_jobs(SPECS, target, tmp_path, states=(QUICK,))
    # A job is made only of an operator whose kernel is in the optimized model.
    failed = {
        str(spec): job for spec, job in zip(SPECS, jobs, strict=True) if not isinstance(job, Job)
    }
    assert not failed
    kernels = {
        number for job in jobs if isinstance(job, Job) for number in job.entry.kernel_targets
    }
    if target is Target.X86:
        assert_run([job for job in jobs if isinstance(job, Job)])
    assert KERNEL_TARGETS[target] in kernels
    assert not kernels & {
        number for other_target, number in KERNEL_TARGETS.items() if other_target is not target
    }
