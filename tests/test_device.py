"""Device profiles: found, read and refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.device import DeviceChoice, Location, device_names, load_device
from edgeslim.errors import BadFileError, UnknownNameError, UsageError
from edgeslim.execution import Execution, PowerMode, Precision, Target

PROFILE = """
name = "board"
summary = "a board"
transport = "local"
target = "arm"
threads = 4
power_mode = "high"
swept_mb = [0, 1, 2]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's own profiles."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "edgeslim" / "device_profiles"
    folder.mkdir(parents=True)
    return folder


def test_a_profile_of_one_s_own_is_found_beside_those_that_come_with_edgeslim(folder: Path) -> None:
    (folder / "board.toml").write_text(PROFILE)
    assert "board" in device_names()
    assert "host" in device_names()
    board = load_device("board")
    assert (board.target, board.swept_mb) == (Target.ARM, (0, 1, 2))
    expected = Execution(
        target=Target.ARM, precision=Precision.FP32, threads=4, power_mode=PowerMode.HIGH
    )
    assert board.execution() == expected
    assert str(expected) == "arm fp32, 4 threads, high"


def test_laws_stand_beside_the_profile_that_names_them(folder: Path) -> None:
    (folder / "board.toml").write_text(f'laws = "board_laws.toml"\n{PROFILE}')
    assert load_device("board").laws == str(folder / "board_laws.toml")
    chosen = DeviceChoice(name="board", laws=Path("others.toml")).profile()
    assert chosen.laws == "others.toml"


def test_a_profile_in_the_working_folder_comes_first(folder: Path, tmp_path: Path) -> None:
    (folder / "board.toml").write_text(PROFILE)
    (tmp_path / "device_profiles").mkdir()
    (tmp_path / "device_profiles" / "board.toml").write_text(PROFILE.replace("a board", "mine"))
    assert load_device("board").summary == "mine"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("threads = 4", "threads = 0", r"threads must be at least 1, not 0"),
        ("threads = 4", 'threads = "4"', r"Expected `int`, got `str` - at `\$\.threads`"),
        ("threads = 4", "thread = 4", "unknown field `thread`"),
        ('"arm"', '"risc"', r"Invalid enum value 'risc' - at `\$\.target`"),
        ("[0, 1, 2]", "[1, 2]", r"swept_mb must rise from 0, not \[1, 2\]"),
        ("[0, 1, 2]", "[0, 2, 2]", r"swept_mb must rise from 0, not \[0, 2, 2\]"),
        ("[0, 1, 2]", "[-1, 0]", r"swept_mb must rise from 0, not \[-1, 0\]"),
        ("[0, 1, 2]", "[]", r"swept_mb must rise from 0, not \[\]"),
        ("threads = 4", "operator_s = 61", r"operator_s must be above 0 and at most 60, not 61\.0"),
        ("threads = 4", "network_s = 0.0", r"network_s must be above 0 and at most 60, not 0\.0"),
        ("threads = 4", "patience_s = -1.0", r"patience_s must be 0 or more, not -1\.0"),
        ('name = "board"', 'name = "bored"', "the name must be the file's, not 'bored'"),
        ('summary = "a board"', "", "missing required field `summary`"),
        ("name =", "name", r"board\.toml: "),
    ],
)
def test_a_bad_profile_says_file_and_place(folder: Path, old: str, new: str, message: str) -> None:
    (folder / "board.toml").write_text(PROFILE.replace(old, new))
    with pytest.raises(BadFileError, match=rf"board\.toml: .*{message}|{message}"):
        load_device("board")


def test_a_device_without_a_profile_offers_the_nearest_one(folder: Path) -> None:
    for name in ("hots", "../host", "host.toml", ""):
        with pytest.raises(UnknownNameError, match=r"unknown device .* known: .*host"):
            load_device(name)
    with pytest.raises(UnknownNameError, match="did you mean 'host'"):
        load_device("hots")


def test_a_choice_changes_what_the_profile_says(folder: Path) -> None:
    (folder / "board.toml").write_text(PROFILE.replace('"local"', '"ssh"'))
    chosen = DeviceChoice(
        name="board", host="10.0.0.9", port=2222, threads=2, power_mode=PowerMode.NO_BIND
    ).profile()
    assert chosen.location == Location(host="10.0.0.9", port=2222)
    assert (chosen.threads, chosen.power_mode) == (2, PowerMode.NO_BIND)
    assert DeviceChoice(name="board").profile() == load_device("board")
    assert DeviceChoice.of("board") == DeviceChoice(name="board")


def test_a_serial_is_for_adb_and_a_host_for_ssh_whatever_the_profile_says(folder: Path) -> None:
    (folder / "board.toml").write_text(PROFILE.replace('"local"', '"ssh"'))
    assert DeviceChoice(name="board").profile().transport == "ssh"
    assert DeviceChoice(name="board", serial="R58M").profile().transport == "adb"
    assert DeviceChoice(name="android", host="phone").profile().transport == "ssh"


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (DeviceChoice(threads=0), "threads must be at least 1, not 0"),
        (DeviceChoice(serial="R58M"), "--serial R58M means nothing for host"),
        (DeviceChoice(port=22), "--port 22 means nothing for host, which is this machine"),
        (DeviceChoice(name="android", serial="a", port=1), "--serial a is for adb and --port 1"),
        (DeviceChoice(name="iphone", port=70_000), "port must be from 1 to 65535, not 70000"),
    ],
)
def test_a_choice_that_cannot_be_meant_is_refused(choice: DeviceChoice, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        choice.profile()


def test_fewer_threads_than_one_are_refused() -> None:
    with pytest.raises(ValueError, match="threads must be at least 1, not -1"):
        Execution(target=Target.X86, threads=-1)
