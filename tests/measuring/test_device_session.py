"""A device is proved to run models before anything is measured on it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgeslim.device import DeviceChoice, DeviceProfile, Location, load_device
from edgeslim.device_state.facts import DeviceFacts
from edgeslim.durations import now
from edgeslim.errors import ProgramNotFoundError, UnknownNameError, UsageError
from edgeslim.execution import Target
from edgeslim.files import write_json
from edgeslim.measuring.device_session import (
    DeviceSession,
    choose_runner,
    limit_threads,
    open_device,
)
from edgeslim.resources import data_folder
from edgeslim.runner.build import BuiltRunner
from edgeslim.transports import TRANSPORTS
from edgeslim.version import __version__


@pytest.mark.slow
def test_this_machine_says_what_its_measurements_depend_on(session: DeviceSession) -> None:
    context = session.context()
    assert context.device == "host"
    assert context.execution.target is Target.X86
    assert context.execution.threads == 1
    assert context.library_version == session.library_version == "v2.13-rc"
    assert context.edgeslim == __version__
    assert re.fullmatch(r".+, \d+ cores", context.hardware)
    assert context.runner == "python"


@pytest.mark.slow
def test_a_device_opened_twice_has_the_same_context(session: DeviceSession) -> None:
    retry_text = open_device("host")
    assert retry_text.context().difference(session.context()) == ""


def test_what_cannot_be_meant_is_refused_before_anything_is_started() -> None:
    with pytest.raises(UnknownNameError, match="unknown device 'hots'"):
        open_device("hots")
    with pytest.raises(UsageError, match="10000 threads do not fit on host's"):
        open_device(DeviceChoice(threads=10_000))
    with pytest.raises(UsageError, match="threads must be at least 1, not 0"):
        open_device(DeviceChoice(threads=0))


def board(threads: int) -> DeviceProfile:
    return msgspec.structs.replace(load_device("rk3288"), threads=threads)


def facts(**known: Any) -> DeviceFacts:
    return DeviceFacts(hardware="", system="linux", machine="armv7l", abi="armv7hf", **known)


def test_a_board_with_fewer_cores_than_its_profile_says_gets_fewer_threads() -> None:
    profile, note = limit_threads(board(4), facts(cores=2))
    assert (profile.threads, profile.execution().threads) == (2, 2)
    assert note == (
        "rk3288 has 2 cores: models run with 2 threads, not with the 4 of its profile; "
        "--threads says how many"
    )
    assert limit_threads(board(4), facts(cores=4, usable_cores=1))[0].threads == 1
    for enough in (facts(cores=4), facts(cores=8, usable_cores=4), facts()):
        assert limit_threads(board(4), enough) == (board(4), "")


def test_a_library_of_one_thread_is_no_reason_to_ask_for_another_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("runners") / "linux-armv7hf"
    folder.mkdir(parents=True)
    built = BuiltRunner(target=folder.name, machine="armv7l", sha256="", files=(), max_threads=1)
    write_json(folder / "runner.json", built)
    profile, note = limit_threads(board(4), facts(cores=4))
    assert profile.threads == 1
    assert "has a library of Paddle-Lite's that runs 1 thread at most" in note
    transport = TRANSPORTS.get("local")(Location())
    with pytest.raises(UsageError, match="runs models with 1 thread at most, not 4; --threads 1"):
        choose_runner(board(4), transport, facts(cores=4))
    with pytest.raises(UsageError, match="4 threads do not fit on rk3288's 2 cores; --threads 2"):
        choose_runner(board(4), transport, facts(cores=2))


def test_a_system_without_a_library_of_paddle_lite_s_is_said() -> None:
    other = DeviceFacts(hardware="", system="linux", machine="armv6l", abi="armv6l", cores=4)
    with pytest.raises(ProgramNotFoundError, match="linux-armv6l, and Paddle-Lite has no library"):
        choose_runner(board(4), TRANSPORTS.get("local")(Location()), other)


@pytest.mark.slow
def test_the_cores_that_there_are_are_taken_and_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    cores = len(os.sched_getaffinity(0))
    own = (data_folder("device_profiles") / "host.toml").read_text()
    text = own.replace("threads = 1", f"threads = {cores + 1}")
    Path("device_profiles").mkdir()
    (Path("device_profiles") / "host.toml").write_text(text)
    with open_device("host") as session:
        assert session.context().execution.threads == session.runner.threads == cores
    assert f"not with the {cores + 1} of its profile" in caplog.text
    with pytest.raises(UsageError, match=f"{cores + 1} threads do not fit on host's"):
        open_device(DeviceChoice(threads=cores + 1))


def test_times_are_universal_and_to_the_second() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", now())
