"""Tests of folders and files that one process at a time writes."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import edgeslim
from edgeslim.errors import InUseError
from edgeslim.locks import hold

_HOLDER = """
import sys
from pathlib import Path
from edgeslim.locks import hold

with hold(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def _start_holder(path: Path) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_second_process_is_told_who_writes(tmp_path: Path) -> None:
    with _start_holder(tmp_path / "net") as holder:
        expected = rf"net is being written by edgeslim, process {holder.pid} on .*; wait"
        with pytest.raises(InUseError, match=expected), hold(tmp_path / "net"):
            pass
        holder.communicate()
    with hold(tmp_path / "net"):
        assert [file.name for file in tmp_path.iterdir()] == [".net.lock"]
    assert not list(tmp_path.iterdir()), "the lock is still there"


def test_lock_of_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    with _start_holder(tmp_path / "table.jsonl") as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert (tmp_path / ".table.jsonl.lock").exists()
    with hold(tmp_path / "table.jsonl"):
        pass
    assert not list(tmp_path.iterdir())


def test_files_of_one_folder_are_held_apart(tmp_path: Path) -> None:
    with hold(tmp_path / "a.jsonl"), hold(tmp_path / "b.jsonl"), hold(tmp_path):
        pass


def test_error_in_between_gives_it_free(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"), hold(tmp_path / "net"):
        raise ValueError("broken")
    with hold(tmp_path / "net"):
        pass


def test_where_nothing_can_be_written_is_left_to_the_writer() -> None:
    with hold(Path("/proc/sys/net")):
        pass


@pytest.mark.parametrize(
    "work",
    [
        lambda out: edgeslim.slim(str(out), task="digits", target_ms=1.0, out=out),
        lambda out: edgeslim.optimize("mobilenet-v1", table=Path("none.jsonl"), out=out),
    ],
    ids=["slim", "optimize"],
)
def test_folders_of_models_are_held_before_anything_is_done(
    work: Callable[[Path], object], tmp_path: Path
) -> None:
    (tmp_path / "net").mkdir()
    for name in ("model.pdmodel", "model.pdiparams"):
        (tmp_path / "net" / name).touch()
    with _start_holder(tmp_path / "net") as holder:
        with pytest.raises(InUseError, match="net is being written by"):
            work(tmp_path / "net")
        holder.communicate()
