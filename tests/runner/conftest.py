"""The native runner, compiled once for all tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeslim.device import Location
from edgeslim.runner.build import build_runner
from edgeslim.runner.runners import NativeRunner
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
