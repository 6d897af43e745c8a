"""What the doctor says of folders, room, threads and power modes, each with its own mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.device import DeviceChoice
from edgeslim.execution import PowerMode
from edgeslim.measuring import doctor as module
from edgeslim.measuring.doctor import Check, doctor
from edgeslim.resources import data_folder
from tests.devices.adb_daemon import AdbDaemon
from tests.devices.ssh_server import SshServer
from tests.tools import missing, program

PROFILE = """
name = "board"
summary = "this machine over a link"
transport = "{transport}"
target = "x86"
[location]
{place}
folder = "{folder}"
"""
NOEXEC = """\
mount --bind "$1" "$1" && mount -o remount,bind,noexec "$1" || exit 125
shift
exec "$@"
"""


def failed(device: DeviceChoice | str) -> dict[str, Check]:
    return {check.name: check for check in doctor(device) if not check.ok}


def write_profile(transport: str, place: str, folder: Path) -> None:
    Path("device_profiles").mkdir()
    text = PROFILE.format(transport=transport, place=place, folder=folder)
    Path("device_profiles/board.toml").write_text(text)


@pytest.mark.slow
def test_a_folder_from_which_nothing_can_be_run_is_said(
    adb_daemon: AdbDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "device"
    folder.mkdir()
    adb_daemon.wrapper = [program("unshare"), "-m", "sh", "-c", NOEXEC, "sh", str(folder)]
    write_profile("adb", f'serial = "{adb_daemon.serial}"', folder)
    found = failed("board")
    if "adb" in found or "folder" not in found:
        missing("nothing can be mounted here")
    assert set(found) == {"folder"}
    assert found["folder"].found.startswith("programs cannot be run from ")
    assert "mounted with noexec; name another one in the profile" in found["folder"].mend


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_no_fault_of_the_link(
    sshd: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_profile("ssh", f'host = "127.0.0.1"\nport = {sshd.port}', Path("/proc/nowhere"))
    found = failed("board")
    assert set(found) == {"folder"}
    assert "/proc/nowhere on " in found["folder"].found
    assert "No such file or directory" in found["folder"].found
    assert found["folder"].mend.startswith("name another folder in the device's profile")


@pytest.mark.slow
def test_power_modes_and_threads_have_mends_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = failed(DeviceChoice(name="host", power_mode=PowerMode.HIGH))
    (check,) = found.values()
    assert "binds no cores" in check.found
    assert check.mend == "use the power mode no-bind"
    (check,) = failed(DeviceChoice(name="host", threads=5000)).values()
    assert check.name == "runner"
    assert check.found.startswith("5000 threads do not fit on host's ")
    assert check.mend.startswith("--threads ")
    text = (data_folder("device_profiles") / "host.toml").read_text()
    Path("device_profiles").mkdir()
    own = text.replace("threads = 1", "threads = 5000")
    (Path("device_profiles") / "host.toml").write_text(own)
    checks = {check.name: check for check in doctor("host")}
    assert not checks["threads"].ok
    assert not checks["threads"].needed
    assert "models run with " in checks["threads"].found
    assert checks["opt and runtime"].ok, "with as many as there are"


@pytest.mark.parametrize(
    ("free", "ok", "found"),
    [("68157440", True, "66560 MB free"), ("30720", False, "30 MB free"), ("-", True, "not known")],
)
def test_room_is_read_from_what_df_shows(free: str, ok: bool, found: str) -> None:
    shown = (
        "Filesystem           1024-blocks      Used Available Capacity Mounted on\n"
        f"my server:/a b/50% off  102687672 34530232 {free}      34% /home\n"
    )
    check = module._space_check(shown)
    assert (check.ok, check.found, check.needed) == (ok, found, False)
    assert check.mend.startswith("make room for 64 MB, or name another one in the profile")
    assert module._space_check("").ok
