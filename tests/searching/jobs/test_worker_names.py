"""Workers by name, and which of them have ended."""

from __future__ import annotations

import os
import subprocess
import sys

from edgeslim.searching.jobs.workers import has_ended, worker_name


def test_a_process_that_runs_has_not_ended_and_one_that_is_gone_has() -> None:
    own = worker_name()
    assert f":{os.getpid()}@" in own
    assert not has_ended(own)
    code = "from edgeslim.searching.jobs.workers import worker_name; print(worker_name())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    name = other.stdout.strip()
    assert name.split(":")[0] == own.split(":")[0]
    assert name.split("@")[1] == own.split("@")[1] != ""
    assert has_ended(name)
    # Nothing is known of other machines, also where they have the same name.
    host, machine = name.split("@")
    assert not has_ended(f"elsewhere{name}")
    assert not has_ended(f"{host}@123456")
    assert not has_ended(host)
    assert not has_ended(f"{host}@")
    assert machine
