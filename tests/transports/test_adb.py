"""The adb server's devices: which one is meant, and those that cannot be used."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeslim.device import Location
from edgeslim.errors import (
    DeviceNotFoundError,
    DeviceRefusedError,
    LinkLostError,
    ProgramNotFoundError,
    ProgramTimedOutError,
)
from edgeslim.transports import TRANSPORTS, Transport
from edgeslim.transports.adb import Attached, attached_phones
from tests.devices.adb_daemon import AdbDaemon
from tests.devices.adb_server import adb_server
from tests.tools import is_alive, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def _own_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server that no other test's devices are at."""
    monkeypatch.delenv("ANDROID_SERIAL", raising=False)
    with adb_server(tmp_path) as port:
        monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(port))
        yield


def connected(location: Location) -> Transport:
    transport = TRANSPORTS.get("adb")(location)
    transport.connect()
    return transport


@pytest.mark.usefixtures("_own_server")
def test_the_only_device_need_not_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(tmp_path / "device")
    with pytest.raises(DeviceNotFoundError, match="no Android device is attached; plug one in"):
        connected(Location(folder=folder))
    with AdbDaemon().listening() as one, AdbDaemon().listening() as two:
        connected(Location(serial=one.serial, folder=folder))
        assert attached_phones() == [Attached(serial=one.serial, state="device")]
        assert one.serial in connected(Location(folder=folder)).place
        connected(Location(serial=two.serial, folder=folder))
        with pytest.raises(DeviceNotFoundError, match=rf"2 .*--serial .*{one.serial}"):
            connected(Location(folder=folder))
        monkeypatch.setenv("ANDROID_SERIAL", two.serial)
        assert two.serial in connected(Location(folder=folder)).place
        with pytest.raises(DeviceNotFoundError, match="no device 'R58M' is attached; attached are"):
            connected(Location(serial="R58M", folder=folder))


@pytest.mark.usefixtures("_own_server")
def test_a_device_that_nobody_authorised_is_refused_with_the_mend(tmp_path: Path) -> None:
    daemon = AdbDaemon()
    daemon.faults.unauthorized = True
    with (
        daemon.listening(),
        pytest.raises(DeviceRefusedError, match="accept the question about this computer's key"),
    ):
        connected(Location(serial=daemon.serial, folder=str(tmp_path)))


@pytest.fixture
def old_device(adb_daemon: AdbDaemon, adb_device: Location) -> Iterator[Transport]:
    """A device from before the shell protocol."""
    adb_daemon.features = ("cmd",)
    transport = connected(adb_device)
    yield transport
    transport.close()


@pytest.mark.parametrize("status", [0, 3, 127, 134])
def test_an_old_device_s_status_comes_back_too(old_device: Transport, status: int) -> None:
    argv = ["sh", "-c", f"echo out; echo err >&2; printf end; exit {status}"]
    completed = old_device.run(argv, timeout_s=30)
    assert completed.status == status
    assert sorted(completed.output.split()) == [b"end", b"err", b"out"]
    assert completed.output.endswith(b"end")


def test_an_old_device_s_files_and_lines_arrive(old_device: Transport, tmp_path: Path) -> None:
    lines: list[bytes] = []
    old_device.run(["seq", "5000"], timeout_s=30, on_line=lines.append)
    assert lines == [str(number).encode() for number in range(1, 5001)]
    (tmp_path / "source").write_bytes(bytes(range(256)))
    with old_device.folder() as folder:
        old_device.push(tmp_path / "source", folder / "file")
        old_device.pull(folder / "file", tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == bytes(range(256))


def test_an_old_device_s_output_that_is_cut_off_is_a_lost_link(
    old_device: Transport, adb_daemon: AdbDaemon
) -> None:
    with pytest.raises(LinkLostError):
        old_device.run(
            ["sh", "-c", "echo a; sleep 600"],
            timeout_s=60,
            on_line=lambda _: adb_daemon.cut(),
        )


SHELLS = {"sh": "/bin/sh", "bash": "bash", "mksh": "mksh", "busybox": "busybox"}
TOOLS = ("cat", "ls", "mkdir", "rm", "mv", "chmod", "env", "sleep", "wc", "sha256sum", "seq")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("with_setsid", [True, False])
def test_programs_are_ended_by_whatever_shell_a_device_has(
    adb_daemon: AdbDaemon, adb_device: Location, tmp_path: Path, shell: str, with_setsid: bool
) -> None:
    found = shutil.which(SHELLS[shell])
    if found is None:
        pytest.skip(f"{shell} is not installed; devices have it, this machine need not")
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "sh").symlink_to(found)
    for name in (*TOOLS, *(["setsid"] if with_setsid else [])):
        (tools / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    adb_daemon.environment = {"PATH": str(tools)}
    adb_daemon.shell = str(tools / "sh")
    transport = connected(adb_device)
    completed = transport.run(["sh", "-c", "echo out; echo err >&2; exit 7"], timeout_s=30)
    assert (completed.status, completed.output) == (7, b"out\n")
    with pytest.raises(ProgramNotFoundError):
        transport.run(["no-such-program"], timeout_s=30)
    lines: list[bytes] = []
    with pytest.raises(ProgramTimedOutError):
        transport.run(
            ["sh", "-c", "echo $$; sleep 600 & sleep 600; true"],
            timeout_s=0.5,
            on_line=lines.append,
        )
    assert wait_until(lambda: not is_alive(int(lines[0])))
    assert wait_until(lambda: not adb_daemon.alive())
    with transport.folder() as folder:
        if not with_setsid:
            return  # there, what a program leaves running holds the command
        script = 'sleep 600 & echo $! >"$1"'
        transport.run(["sh", "-c", script, "sh", str(folder / "left")], timeout_s=30)
        left = int(Path(folder / "left").read_text())
        assert wait_until(lambda: not is_alive(left))
    transport.close()


@pytest.mark.parametrize("checksum", ["sha256sum", "md5sum", "none"])
def test_what_is_kept_is_checked_by_what_the_device_has(
    adb_daemon: AdbDaemon, adb_device: Location, tmp_path: Path, checksum: str
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in (*TOOLS[:9], "sh", "setsid", *([checksum] if checksum != "none" else [])):
        if name != "sha256sum" or checksum == "sha256sum":
            (tools / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    adb_daemon.environment = {"PATH": str(tools)}
    source = tmp_path / "library.so"
    source.write_bytes(bytes(range(256)) * 5000)
    source.chmod(0o755)
    transport = connected(adb_device)
    kept = Path(transport.keep(source))
    assert kept.read_bytes() == source.read_bytes()
    assert kept.stat().st_mode & 0o111
    again = connected(adb_device)
    adb_daemon.faults.disk_bytes = 0  # nothing can be sent any more, and need not
    assert Path(again.keep(source)) == kept
    kept.write_bytes(b"something else")
    adb_daemon.faults.disk_bytes = None
    assert Path(connected(adb_device).keep(source)).read_bytes() == source.read_bytes()
    again.close()
    assert [path.name for path in kept.parent.iterdir()] == ["library.so"]


def test_a_large_file_on_a_slow_link_says_how_long_it_takes(
    adb_daemon: AdbDaemon, adb_device: Location, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (tmp_path / "large").open("wb") as stream:
        stream.truncate(12 << 20)
    transport = connected(adb_device)
    with transport.folder() as folder:
        adb_daemon.faults.delay_s = 0.3
        transport.push(tmp_path / "large", folder / "large")
        adb_daemon.faults.delay_s = 0.0
    transport.close()
    assert re.search(
        rf"sending large to {adb_daemon.serial} over adb: \d+ %, \d+ s left", caplog.text
    )
