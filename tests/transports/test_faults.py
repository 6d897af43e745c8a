"""Links that break, hang and lie: a typed error each time, and nothing left on the device."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from edgeslim.device import Location
from edgeslim.errors import (
    DeviceFullError,
    DeviceNotFoundError,
    LinkError,
    LinkLostError,
    ProgramTimedOutError,
)
from edgeslim.runner.link import reconnect
from edgeslim.transports import TRANSPORTS, Transport
from tests.devices.adb_daemon import AdbDaemon, Faults
from tests.devices.ssh_server import SshServer
from tests.tools import PROJECT, is_alive, wait_until

pytestmark = pytest.mark.slow

LAST_MESSAGE = 60
"""More messages than the work below takes."""


def work(transport: Transport, source: Path, fetched: Path) -> list[bytes]:
    """A little of everything; the lines of the program that it ran."""
    lines: list[bytes] = []
    with transport.folder() as folder:
        transport.push(source, folder / "sent")
        script = 'echo $$; cat "$1" | wc -c; sleep 0.05; echo done'
        argv = ["sh", "-c", script, "sh", str(folder / "sent")]
        transport.run(argv, timeout_s=30, on_line=lines.append)
        transport.pull(folder / "sent", fetched)
    return lines


def leftovers(location: Location) -> list[str]:
    """What is still on the device, beside what is kept for later."""
    return [
        str(path)
        for part in ("work", "running")
        for path in (Path(location.folder) / part).glob("*")
    ]


@pytest.mark.parametrize("message", range(1, LAST_MESSAGE, 1))
def test_a_link_cut_at_any_message_is_a_lost_link_and_leaves_nothing(
    adb_daemon: AdbDaemon, adb_device: Location, tmp_path: Path, message: int
) -> None:
    source, fetched = tmp_path / "source", tmp_path / "fetched"
    source.write_bytes(os.urandom(1000))
    transport = TRANSPORTS.get("adb")(adb_device)
    transport.connect()
    adb_daemon.messages = 0
    adb_daemon.faults = Faults(cut_after=message)
    lines: list[bytes] = []
    with suppress(LinkLostError):
        lines = work(transport, source, fetched)
        assert lines[-2:] == [b"1000", b"done"]
        assert fetched.read_bytes() == source.read_bytes()
    adb_daemon.faults = Faults()
    reconnect(transport)
    assert work(transport, source, fetched)[-1] == b"done"
    transport.close()
    assert leftovers(adb_device) == []
    assert wait_until(lambda: not adb_daemon.alive())


@pytest.mark.parametrize("kind", ["adb", "ssh"])
def test_a_link_that_breaks_while_a_program_runs_ends_the_program(
    kind: str, adb_daemon: AdbDaemon, sshd: SshServer, tmp_path: Path
) -> None:
    location = Location(folder=str(tmp_path / "device"))
    location = (
        Location(serial=adb_daemon.serial, folder=location.folder)
        if kind == "adb"
        else Location(host="127.0.0.1", port=sshd.port, folder=location.folder)
    )
    transport = TRANSPORTS.get(kind)(location)
    transport.connect()
    lines: list[bytes] = []

    def cut(line: bytes) -> None:
        lines.append(line)
        (adb_daemon if kind == "adb" else sshd).cut()

    start = time.monotonic()
    with pytest.raises(LinkLostError):
        transport.run(["sh", "-c", "echo $$; exec sleep 600"], timeout_s=60, on_line=cut)
    assert time.monotonic() - start < 15
    assert wait_until(lambda: not is_alive(int(lines[0])))
    reconnect(transport)
    transport.close()
    assert leftovers(location) == []


HOLD = """
import sys
from edgeslim.device import Location
from edgeslim.transports import TRANSPORTS
import msgspec
transport = TRANSPORTS.get(sys.argv[1])(msgspec.json.decode(sys.argv[2], type=Location))
with transport.folder() as folder:
    transport.run(
        ["sh", "-c", "echo $$; exec sleep 600"],
        timeout_s=600,
        on_line=lambda line: print(line.decode(), flush=True),
    )
"""


@pytest.mark.parametrize("kind", ["adb", "ssh"])
def test_what_a_killed_process_ran_ends_and_its_folder_goes_with_the_next_run(
    kind: str, adb_device: Location, ssh_device: Location
) -> None:
    import msgspec

    location = adb_device if kind == "adb" else ssh_device
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, kind, msgspec.json.encode(location).decode()],
        stdout=subprocess.PIPE,
        cwd=PROJECT,
    )
    with holder:
        assert holder.stdout is not None
        process = int(holder.stdout.readline())
        assert is_alive(process)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert wait_until(lambda: not is_alive(process))
    assert leftovers(location) != []
    transport = TRANSPORTS.get(kind)(location)
    transport.connect()
    transport.close()
    assert leftovers(location) == []


def test_a_device_that_hangs_costs_no_more_than_the_deadline(
    adb_daemon: AdbDaemon, adb_device: Location
) -> None:
    transport = TRANSPORTS.get("adb")(adb_device)
    transport.connect()

    def hang(_: bytes) -> None:
        adb_daemon.faults.hang = True

    start = time.monotonic()
    with pytest.raises(ProgramTimedOutError, match="said nothing for 1 s"):
        transport.run(
            ["sh", "-c", "while echo x; do sleep 0.1; done"],
            timeout_s=60,
            quiet_s=1,
            on_line=hang,
        )
    assert time.monotonic() - start < 20
    adb_daemon.faults.hang = False
    assert wait_until(lambda: not adb_daemon.alive())


def test_a_device_that_vanishes_is_not_found(adb_daemon: AdbDaemon, adb_device: Location) -> None:
    transport = TRANSPORTS.get("adb")(adb_device)
    transport.connect()
    adb_daemon.faults.refuse = True
    adb_daemon.cut()
    with pytest.raises(LinkLostError):
        transport.run(["true"], timeout_s=30)
    with pytest.raises(LinkError, match=r"plug it in|attached"):
        reconnected_once(transport)


def reconnected_once(transport: Transport) -> None:
    """Tries until the server noticed what the daemon did."""
    for _ in range(40):
        transport.connect()
        time.sleep(0.1)


def test_a_device_that_reboots_is_reached_again(
    adb_daemon: AdbDaemon, adb_device: Location
) -> None:
    transport = TRANSPORTS.get("adb")(adb_device)
    transport.connect()
    with pytest.raises(LinkLostError):
        transport.run(
            ["sh", "-c", "echo; exec sleep 600"],
            timeout_s=60,
            on_line=lambda _: adb_daemon.reboot(),
        )
    reconnect(transport)
    assert transport.run(["echo", "back"], timeout_s=30).output == b"back\n"
    transport.close()


@pytest.mark.parametrize("taken", [0, 1000, 100_000])
def test_a_disk_that_is_full_is_said_so(
    adb_daemon: AdbDaemon, adb_device: Location, tmp_path: Path, taken: int
) -> None:
    (tmp_path / "source").write_bytes(os.urandom(300_000))
    transport = TRANSPORTS.get("adb")(adb_device)
    transport.connect()
    adb_daemon.faults.disk_bytes = taken
    with transport.folder() as folder, pytest.raises(DeviceFullError, match="No space left"):
        transport.push(tmp_path / "source", folder / "file")
    adb_daemon.faults.disk_bytes = None
    transport.close()
    assert leftovers(adb_device) == []


def test_a_folder_that_cannot_be_made_is_said_so_with_the_mend(adb_device: Location) -> None:
    nowhere = Location(serial=adb_device.serial, folder="/proc/none")
    with pytest.raises(DeviceFullError, match=r"/proc/none .* cannot be written.*\[location\]"):
        TRANSPORTS.get("adb")(nowhere).connect()


def test_output_that_is_garbled_on_the_way_stays_the_reader_s_to_judge(
    adb_daemon: AdbDaemon, adb_device: Location
) -> None:
    transport = TRANSPORTS.get("adb")(adb_device)
    transport.connect()
    adb_daemon.faults.garble = lambda data: data[::-1]
    assert transport.run(["printf", "abc"], timeout_s=30).output == b"cba"


@pytest.mark.parametrize("kind", ["adb", "ssh"])
def test_a_gigabyte_of_output_costs_no_memory(
    kind: str, adb_device: Location, ssh_device: Location
) -> None:
    transport = TRANSPORTS.get(kind)(adb_device if kind == "adb" else ssh_device)
    transport.connect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # paramiko makes new keys after half a gigabyte, which a busy machine may take too long for.
    size = 1 << 30 if kind == "adb" else 400 << 20
    completed = transport.run(["sh", "-c", f"head -c {size} /dev/zero; echo end"], timeout_s=300)
    assert completed.output.endswith(b"end\n")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000
    transport.close()


def test_a_server_that_is_not_there_is_said_so_with_the_mend(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANDROID_ADB_SERVER_HOST", "127.0.0.2")
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", "1")
    with pytest.raises(DeviceNotFoundError, match=r"answers at 127\.0\.0\.2:1; start it there"):
        TRANSPORTS.get("adb")(Location()).connect()
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", "x")
    with pytest.raises(DeviceNotFoundError, match="is 'x', which is no port"):
        TRANSPORTS.get("adb")(Location()).connect()
    monkeypatch.delenv("ANDROID_ADB_SERVER_HOST")
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", "1")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceNotFoundError, match="adb is not installed; apt install adb"):
        TRANSPORTS.get("adb")(Location()).connect()
