"""Foreign tools that tests need, and programs that tests run in processes of their own."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import pytest

from edgeslim.companion import lite_python
from edgeslim.errors import EdgeslimError

PROJECT = Path(__file__).parents[1]


def missing(reason: str) -> NoReturn:
    """Skips the test; on a build machine, where everything must be there, fails it."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"{reason}, and with CI=true nothing is skipped")
    pytest.skip(reason)


def program(name: str) -> str:
    """Path of a program that the test cannot do without."""
    return shutil.which(name) or missing(f"{name} is not installed")


def require_module(name: str) -> None:
    """Proves that a module that the test cannot do without is installed; imports nothing.

    Paddle-Lite has a Python of its own, which is made if it is not there yet.
    """
    if name == "paddlelite":
        try:
            lite_python()
        except EdgeslimError as error:
            missing(str(error))
    elif importlib.util.find_spec(name) is None:
        missing(f"{name} is not installed")


def run_python(
    code: str,
    *arguments: object,
    timeout_s: float = 60.0,
    python: Path = Path(sys.executable),
) -> str:
    """Runs code in a new Python that knows the project; returns what it printed."""
    completed = subprocess.run(
        [str(python), "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert completed.returncode == 0, completed.stderr
    return completed.stdout


def benchmark(name: str) -> ModuleType:
    """A module of ``benchmarks/``, which is no package."""
    spec = importlib.util.spec_from_file_location(name, PROJECT / "benchmarks" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def benchmark_package(name: str) -> ModuleType:
    """A module of a package in ``benchmarks/``, such as ``operator_networks.draws``."""
    folder = str(PROJECT / "benchmarks")
    if folder not in sys.path:
        sys.path.append(folder)
    return importlib.import_module(name)


def is_alive(process_id: int) -> bool:
    """Whether a process runs; one that has ended and is not yet reaped does not."""
    try:
        status = Path(f"/proc/{process_id}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in {"Z", "X"}


def wait_until(true: object, *, timeout_s: float = 10.0) -> bool:
    """Waits until a function returns something true; whether it did in time."""
    assert callable(true)
    deadline = time.monotonic() + timeout_s
    while not (done := bool(true())) and time.monotonic() < deadline:
        time.sleep(0.01)
    return done
