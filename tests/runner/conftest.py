"""The native runner, compiled once for all tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeslim.companion import lite_python
from edgeslim.device import Location
from edgeslim.runner.build import build_runner
from edgeslim.runner.runners import NativeRunner, PythonRunner, Runner
from edgeslim.transports import TRANSPORTS
from tests.tools import program, require_module


@pytest.fixture(scope="session")
def native_runner() -> Iterator[NativeRunner]:
    """The native runner of this machine."""
    program("g++")
    require_module("paddlelite")
    with tempfile.TemporaryDirectory() as folder:
        out, built = build_runner("linux-x86-64", out=Path(folder) / "runner")
        transport = TRANSPORTS.get("local")(Location())
        yield NativeRunner(transport=transport, folder=out, built=built, threads=1)


@pytest.fixture(params=["python", "native"])
def local_runner(request: pytest.FixtureRequest) -> Runner:
    """Each kind of runner, on this machine."""
    if request.param == "native":
        native: NativeRunner = request.getfixturevalue("native_runner")
        return native
    transport = TRANSPORTS.get("local")(Location())
    return PythonRunner(transport=transport, python=str(lite_python()), threads=1)
