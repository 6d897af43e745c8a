"""Two runs on one device would measure each other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edgeslim.errors import DeviceRefusedError
from edgeslim.measuring.device_lock import lock_device
from tests.tools import PROJECT

HOLD = """
import sys, time
from edgeslim.measuring.device_lock import lock_device
with lock_device(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


def test_a_device_has_one_user_and_is_free_afterwards() -> None:
    for _ in range(2):
        with lock_device("a phone"), lock_device("another"):
            pass


def test_another_process_is_named_and_the_system_frees_what_it_held() -> None:
    place = "phone 'R58M' $(id)\n"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, place], stdout=subprocess.PIPE, cwd=PROJECT
    )
    assert holder.stdout is not None
    with holder:
        assert holder.stdout.readline() == b"held\n"
        taken = pytest.raises(DeviceRefusedError, match=rf"another edgeslim .*{holder.pid}\)")
        with taken, lock_device(place):
            pass
        holder.kill()
    with lock_device(place):
        pass
