"""What holds for all tests: Paddle's old programs, Hypothesis without a clock, real operators."""

from __future__ import annotations

import os

# Paddle must make programs of the old kind, and decides that when it is imported.
os.environ["FLAGS_enable_pir_api"] = "0"  # noqa: SIM112 - its own name

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import settings

from edgeslim.conversion.operator_jobs import null_operator, operator_jobs, reference_operator
from edgeslim.execution import Target
from edgeslim.opspec import OpSpec
from edgeslim.runner.job import Job
from edgeslim.runner.protocol import Sampling
from tests.tools import require_module
from tests.values import relu

# The same examples in every run of the machine that decides; others at every run of a person.
_DECIDES = os.environ.get("CI") == "true"
settings.register_profile("edgeslim", deadline=None, max_examples=30, derandomize=_DECIDES)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile("edgeslim")

pytest_plugins = ["tests.devices.fixtures"]

_ALL_SLOW = "pytestmark = pytest.mark.slow"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves out files that are slow as a whole before they import Paddle, if asked to."""
    if config.getoption("markexpr") != "not slow" or collection_path.suffix != ".py":
        return None
    return True if _ALL_SLOW in collection_path.read_text() else None


_TOGETHER = (
    *("channels", "compression", "contracts", "conversion", "device_state", "docs", "fusion"),
    *("inference", "laws", "lite", "models", "ops", "paddle_io", "prediction", "pruning"),
    *("reporting", "searching", "spaces", "training", "transports"),
)
"""Folders whose slow tests compute or wait, and do not mind another beside them."""

_TOGETHER_TOO = (
    *(
        "cli/test_bad_input.py",
        "cli/test_help.py",
        "cli/test_imports.py",
        "cli/test_interruptions.py",
        "cli/test_quantize.py",
        "cli/test_sensitivity.py",
    ),
    *("cli/test_table.py", "cli/test_train.py", "deployment/test_ways.py"),
    *("profiling/test_plan.py", "test_imports.py", "test_latency_table.py"),
    *("runner/test_truth_values.py",),
    *("runner/test_batch.py", "runner/test_native.py"),
    *("runner/test_native_build.py", "runner/test_native_documents.py"),
    *("runner/test_native_hard_cases.py", "runner/test_native_parts.py"),
    *("runner/test_over_links.py", "runner/test_program.py"),
)
"""Files elsewhere that do."""

_ALONE = (
    "conversion/test_operator_kinds.py",
    "fusion/test_on_this_machine.py",
    "pruning/test_detectors.py",
    "searching/test_measuring.py",
)
"""Files in them that measure on this machine all the same."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests that measure or watch the clock have the machine alone."""
    tests = Path(__file__).parent
    for item in items:
        place = item.path.relative_to(tests)
        together = place.as_posix() in _TOGETHER_TOO or (
            place.parts[0] in _TOGETHER and place.as_posix() not in _ALONE
        )
        if item.get_closest_marker("slow") and not together:
            item.add_marker(pytest.mark.alone)


QUICK = Sampling(warmup=1, minimum_samples=3, maximum_samples=8, minimum_s=0, maximum_s=0.1)
"""Enough to see that something is measured."""


SMALL_OPERATORS = (null_operator(), reference_operator(), relu(16), relu(32))


@pytest.fixture(scope="session")
def operators() -> Sequence[OpSpec]:
    """Four small operators."""
    return SMALL_OPERATORS


@pytest.fixture(scope="session")
def real_jobs(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Job]:
    """The four small operators, converted by the real optimizer for this machine."""
    require_module("paddlelite")
    folder = tmp_path_factory.mktemp("operators")
    jobs = operator_jobs(SMALL_OPERATORS, Target.X86, folder, states=(QUICK,))
    assert all(isinstance(job, Job) for job in jobs), jobs
    return [job for job in jobs if isinstance(job, Job)]


@pytest.fixture(scope="session")
def arm_job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A small operator, converted for a processor that this machine does not have."""
    require_module("paddlelite")
    (job,) = operator_jobs(
        [relu(8)], Target.ARM, tmp_path_factory.mktemp("arm"), states=(QUICK,), name="arm"
    )
    assert isinstance(job, Job), job
    return job
