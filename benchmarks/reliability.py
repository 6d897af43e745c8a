"""Faults injected into runs over the real adb server, and what became of them.

    PYTHONPATH=. .venv/bin/python benchmarks/reliability.py [--kills 50] [--every 1]

The device is this machine behind a device daemon that can be told to fail. Each line of the
table is one kind of fault, injected so many times; a fault is survived if every operator asked
for is in the table once, nothing is left running on the device, and its settings are as they
were. Takes about ten minutes. Needs root (for mounts), adb and openssh-server.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from machine import machine_line
from tabulate import tabulate

from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import encode_hook
from tests.devices.adb_daemon import AdbDaemon, Faults
from tests.devices.adb_server import adb_server
from tests.devices.phone import FakePhone
from tests.tools import wait_until
from tests.values import relu

OPERATORS = 3
PROFILE = """
name = "android"
summary = "this machine"
transport = "adb"
target = "x86"
runner = "python"
python = "{python}"
swept_mb = [0, 1]
stay_on = true
fixed_performance = true
lock_frequency = 0.7
[location]
serial = "{serial}"
folder = "{folder}"
"""


class Laboratory:
    """A phone behind the adb server, and a folder to profile it into."""

    def __init__(self, folder: Path, daemon: AdbDaemon, phone: FakePhone) -> None:
        self.daemon = daemon
        self._folder = folder
        self._phone = phone
        self._before = phone.changeable()
        self._count = 0
        (folder / "device_profiles").mkdir()
        text = PROFILE.format(python=sys.executable, serial=daemon.serial, folder=folder / "device")
        (folder / "device_profiles" / "android.toml").write_text(text)
        specs = [relu(channels) for channels in range(1, OPERATORS + 1)]
        lines = [msgspec.json.encode(each, enc_hook=encode_hook) for each in specs]
        (folder / "operators.jsonl").write_bytes(b"\n".join(lines))

    def start(self) -> subprocess.Popen[bytes]:
        """A profile into a new table."""
        self._count += 1
        return self.again()

    def again(self) -> subprocess.Popen[bytes]:
        """The same once more."""
        argv = [sys.executable, "-m", "edgeslim", "profile", "--device", "android"]
        argv += ["--operators", "operators.jsonl", "--out", f"{self._count}.jsonl"]
        return subprocess.Popen(
            argv, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def whole(self) -> bool:
        """Whether nothing is lost, doubled, left running or left changed."""
        path = self._folder / f"{self._count}.jsonl"
        lines = path.read_bytes().splitlines()
        rows = [line for line in lines if line.startswith(b'{"row":"operator"')]
        left = [
            each for part in ("work", "running")
            for each in (self._folder / "device" / part).glob("*")
        ]  # fmt: skip
        return (
            len(rows) == len(LatencyTable.read(path)) == OPERATORS + 1
            and not left
            and wait_until(lambda: not self.daemon.alive())
            and self._phone.changeable() == self._before
        )

    def profile(self, faults: Faults) -> tuple[bool, bool]:
        """Whether one run survived by itself, and whether it did when started again."""
        self.daemon.messages = 0
        self.daemon.faults = faults
        by_itself = self.start().wait() == 0
        self.daemon.faults = Faults()
        done = by_itself or self.again().wait() == 0
        return by_itself and self.whole(), done and self.whole()


@contextmanager
def laboratory() -> Iterator[Laboratory]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        phone = FakePhone.make(folder / "phone", properties={"ro.product.cpu.abi": "x86_64"})
        daemon = AdbDaemon(environment=phone.environment, wrapper=phone.wrapper)
        with adb_server(folder) as port, daemon.listening():
            os.environ["ANDROID_ADB_SERVER_PORT"] = str(port)
            yield Laboratory(folder, daemon, phone)


def cuts(lab: Laboratory, every: int) -> list[tuple[bool, bool]]:
    """The link cut at each message of a run in turn."""
    lab.profile(Faults())
    last = lab.daemon.messages
    print(f"a run has {last} messages", file=sys.stderr)
    return [lab.profile(Faults(cut_after=message)) for message in range(1, last, every)]


def kills(lab: Laboratory, count: int) -> list[tuple[bool, bool]]:
    """The program killed at random moments, and started again."""
    moments = random.Random(0)  # noqa: S311 - moments, not secrets
    results = []
    for _ in range(count):
        process = lab.start()
        time.sleep(moments.uniform(0.2, 5.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
        results.append((False, lab.again().wait() == 0 and lab.whole()))
    return results


def meanwhile(lab: Laboratory, fault: Callable[[], None], times: int) -> list[tuple[bool, bool]]:
    """A fault at random moments of runs."""
    moments = random.Random(1)  # noqa: S311 - as above
    results = []
    for _ in range(times):
        timer = threading.Timer(moments.uniform(0.8, 3.5), fault)
        timer.start()
        results.append(lab.profile(Faults()))
        timer.join()
    return results


def away(lab: Laboratory) -> None:
    lab.daemon.faults.refuse = True
    lab.daemon.cut()
    time.sleep(4)
    lab.daemon.faults.refuse = False


def hang(lab: Laboratory) -> None:
    lab.daemon.faults.hang = True
    time.sleep(4)
    lab.daemon.faults.hang = False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--times", type=int, default=8)
    given = parser.parse_args()
    with laboratory() as lab:
        daemon = lab.daemon
        found = {
            "the link cut at a message, each in turn": cuts(lab, given.every),
            "edgeslim killed (-9) at a random moment": kills(lab, given.kills),
            "the device restarted": meanwhile(lab, daemon.reboot, given.times),
            "the device away for 4 s": meanwhile(lab, lambda: away(lab), given.times),
            "the device hanging for 4 s": meanwhile(lab, lambda: hang(lab), given.times),
            "the runner killed": meanwhile(lab, daemon.kill_programs, given.times),
            "the disk full": [
                lab.profile(Faults(disk_bytes=room)) for room in range(0, 8000 * given.times, 8000)
            ],
        }
    print(machine_line())
    headers = ["fault", "injected", "survived at once", "survived, or whole when started again"]
    rows = [
        [name, len(each), sum(first for first, _ in each), sum(second for _, second in each)]
        for name, each in found.items()
    ]
    print(tabulate(rows, headers))


if __name__ == "__main__":
    main()
