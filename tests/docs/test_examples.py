"""Each example runs from beginning to end, as its page says to start it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.devices.profiles import HASTY
from tests.docs.pages import shell_lines
from tests.tools import PROJECT

pytestmark = pytest.mark.slow

WAITS = pytest.mark.timeout(1800)
"""Examples measure: where others use the machine, that takes its time."""

PAGE = PROJECT / "examples" / "README.md"
_, *STARTS = shell_lines(PAGE.read_text())
"""What the page says, behind the line that chooses an environment."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the examples, and ``edgeslim`` and ``python`` of this environment to start."""
    shutil.copytree(PAGE.parent, tmp_path / "examples")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, arguments in {"python": "", "edgeslim": "-m edgeslim "}.items():
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments}"$@"\n')
        program.chmod(0o755)
    return tmp_path


def run(start: str, folder: Path, **settings: str) -> str:
    """Runs an example to its end; returns what it printed."""
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        start.split(),
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(PROJECT), **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_example_has_a_start() -> None:
    scripts = [*PAGE.parent.glob("*.py"), *PAGE.parent.rglob("*.sh")]
    started = {start.split()[1] for start in STARTS}
    assert started == {str(script.relative_to(PROJECT)) for script in scripts}
    assert len(STARTS) == 3


@WAITS
def test_a_network_is_pruned_to_a_latency(folder: Path) -> None:
    printed = run(f"{STARTS[0]} --budget 40", folder)
    assert "times as fast as before" in printed
    result = json.loads((folder / "runs/prune_to_latency/pruned/result.json").read_text())
    assert result["macs_after"] < result["macs_before"]
    assert result["predicted_ms"] < result["predicted_before_ms"]


@WAITS
def test_a_search_for_two_devices(folder: Path) -> None:
    # No time is asserted: what a busy machine does is within this limit.
    second = folder / "examples/two_devices/device_profiles/second.toml"
    second.write_text(second.read_text().replace("patience_s = 2 ", HASTY.lstrip()))
    assert HASTY.lstrip() in second.read_text()
    run(STARTS[1], folder, LIMIT="10s", BUDGET="50", CANDIDATES="2")
    found = folder / "runs/two_devices/found"
    assert len(json.loads((found / "result.json").read_text())["targets"]) == 2
    assert (found / "report.html").stat().st_size > 10_000


@WAITS
def test_a_task_of_ones_own(folder: Path) -> None:
    printed = run(STARTS[2], folder)
    assert "disc" in printed
    assert "square" in printed
    assert list((folder / "runs/own_task/net").glob("*.pdmodel"))
