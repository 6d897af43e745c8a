"""This machine as a device, measured quickly."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edgeslim.latency_table import LatencyTable
from edgeslim.measuring.device_session import DeviceSession, open_device
from edgeslim.measuring.drift import DriftWatch
from tests.tools import require_module

HOG = """
import os, sys
os.sched_setaffinity(0, {int(sys.argv[1])})
print("on it", flush=True)
while True:
    pass
"""


@pytest.fixture(scope="session")
def session() -> DeviceSession:
    """This machine, with two small cache states."""
    require_module("paddlelite")
    return open_device("host")


def patient(session: DeviceSession) -> DriftWatch:
    """One that waits for quiet moments."""
    return DriftWatch(session, patience_s=20.0)


@pytest.fixture
def table(session: DeviceSession, tmp_path: Path) -> LatencyTable:
    return LatencyTable.open(tmp_path / "table.jsonl", session.context())


@contextmanager
def hog(core: int | None = None) -> Iterator[subprocess.Popen[str]]:
    """A program that never rests, by default on the core that the runner takes."""
    core = max(os.sched_getaffinity(0)) if core is None else core
    with subprocess.Popen(
        [sys.executable, "-c", HOG, str(core)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "on it\n"
            yield process
        finally:
            process.kill()


@dataclass
class Watched:
    """Progress that remembers what it is told."""

    on_note: Callable[[str], None] = lambda _: None
    stages: list[tuple[str, float]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    done: float = 0.0

    @contextmanager
    def stage(self, title: str, total: float) -> Iterator[Watched]:
        self.stages.append((title, total))
        yield self

    def advance(self, amount: float = 1.0, *, note: str = "") -> None:
        self.done += amount

    def note(self, text: str) -> None:
        self.notes.append(text)
        self.on_note(text)
