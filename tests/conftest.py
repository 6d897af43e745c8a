"""What holds for all tests: one thread, Paddle's old programs, no clock, real operators."""

from __future__ import annotations

import os

# Paddle must make programs of the old kind, and decides that when it is imported.
os.environ["FLAGS_enable_pir_api"] = "0"  # noqa: SIM112 - its own name
# Sums do not depend on how many cores there are, and two tests can share two.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"
# Some tests have a home of their own, and the environment for Paddle-Lite is in the user's.
os.environ.setdefault("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))  # noqa: PTH111

import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from edgeslim.conversion.operator_jobs import null_operator, operator_jobs, reference_operator
from edgeslim.execution import Target
from edgeslim.opspec import OpSpec
from edgeslim.runner.job import Job
from edgeslim.runner.protocol import Sampling
from tests.devices.profiles import HASTY
from tests.tools import require_module
from tests.values import relu

# The same examples in every run of the machine that decides; others at every run of a person.
_DECIDES = os.environ.get("CI") == "true"
# How fast a machine is decides nothing.
settings.register_profile(
    "edgeslim",
    deadline=None,
    max_examples=30,
    derandomize=_DECIDES,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "thorough", settings.get_profile("edgeslim"), max_examples=1000, derandomize=False
)
settings.load_profile("edgeslim")

pytest_plugins = ["tests.devices.fixtures"]

# A shell ignores Ctrl-C for what it starts in the background, and programs that tests start would
# inherit that: they begin with the usual signals wherever tests are started from.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_HOST = f"""
name = "host"
summary = "this machine, measured no better than tests need it that assert no latency"
transport = "local"
target = "x86"
swept_mb = [0, 1]{HASTY}"""


def pytest_configure(config: pytest.Config) -> None:
    """Gives all tests, and what they start, a configuration and a working folder of their own."""
    if config.getoption("dist", "no") != "no":
        return  # it only hands tests to others, which begin where it is
    place = tempfile.TemporaryDirectory(prefix="edgeslim-tests.")
    config.add_cleanup(place.cleanup)
    profiles = Path(place.name) / "edgeslim" / "device_profiles"
    profiles.mkdir(parents=True)
    (profiles / "host.toml").write_text(_HOST)
    os.environ["XDG_CONFIG_HOME"] = place.name
    os.chdir(place.name)


def pytest_sessionfinish() -> None:
    """Writes down what was covered here before whoever started this process ends it."""
    coverage = sys.modules.get("coverage")
    if coverage is not None and (current := coverage.Coverage.current()) is not None:
        current.stop()
        current.save()


_NEEDED = {"not slow": ("pytestmark = pytest.mark.slow", False), "alone": ("mark.alone", True)}
"""By what is asked for with ``-m``: words that a file must have, or must not, to be looked at."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves out files without any test that is asked for before they import Paddle."""
    words, wanted = _NEEDED.get(config.getoption("markexpr"), ("", True))
    if not words or collection_path.suffix != ".py":
        return None
    return True if (words in collection_path.read_text()) != wanted else None


@pytest.fixture(autouse=True)
def _same_weights() -> None:
    """Networks that a test makes have the same first weights in every run."""
    paddle = sys.modules.get("paddle")
    if paddle is not None:
        paddle.seed(0)


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
