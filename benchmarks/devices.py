"""What a link to a device costs: operators a minute, transport per operator, file throughput.

    PYTHONPATH=. .venv/bin/python benchmarks/devices.py [--operators 400] [--rounds 5]

The device is this machine, reached three ways: as itself, through the real adb server and a
device daemon that delays every message by 5 ms each way, and through a real ssh server on
loopback. All three run the same native runner on the same operators in turn, so that what
differs is the link. Needs adb, openssh-server and g++.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from machine import machine_line
from tabulate import tabulate

from edgeslim.conversion.operator_jobs import operator_jobs
from edgeslim.device import Location
from edgeslim.execution import Target
from edgeslim.opspec import Attributes, OpSpec, Shapes
from edgeslim.runner.batch import run_batch
from edgeslim.runner.build import build_runner, find_runner
from edgeslim.runner.job import Job
from edgeslim.runner.protocol import Sampling
from edgeslim.runner.runners import NativeRunner
from edgeslim.transports import TRANSPORTS, Transport
from tests.devices.adb_daemon import AdbDaemon
from tests.devices.adb_server import adb_server
from tests.devices.ssh_server import ssh_server

DELAY_S = 0.005
LARGE_BYTES = 50_000_000
STATES = (
    Sampling(maximum_samples=100, minimum_s=0.01, maximum_s=0.2),
    Sampling(warmup=1, minimum_samples=5, maximum_samples=12, minimum_s=0.0, swept_bytes=1 << 20),
)


def operator(number: int) -> OpSpec:
    """A convolution as networks have hundreds: 1x1, 8 to 167 channels, of several sizes."""
    channels, size = 8 + number % 160, 28 // (1 + number // 160)
    return OpSpec(
        kind="conv2d",
        inputs=Shapes(Input=((1, channels, size, size),)),
        weights=Shapes(Filter=((channels, channels, 1, 1),), Bias=((channels,),)),
        outputs=Shapes(Output=((1, channels, size, size),)),
        attributes=Attributes(strides=(1, 1), paddings=(0,) * 4, dilations=(1, 1), groups=1),
    )


@contextmanager
def devices(folder: Path) -> Iterator[tuple[dict[str, Transport], AdbDaemon, int, Path]]:
    """The three ways to this machine, and what plain adb and sftp need to go the same way."""
    daemon = AdbDaemon()
    with (
        adb_server(folder) as port,
        daemon.listening(),
        ssh_server(folder / "sshd") as server,
    ):
        os.environ["ANDROID_ADB_SERVER_PORT"] = str(port)
        os.environ["HOME"] = str(server.home)
        locations = {
            "host": Location(),
            "adb": Location(serial=daemon.serial, folder=str(folder / "adb")),
            "ssh": Location(host="127.0.0.1", port=server.port, folder=str(folder / "ssh")),
        }
        names = {"host": "local", "adb": "adb", "ssh": "ssh"}
        made = {name: TRANSPORTS.get(names[name])(place) for name, place in locations.items()}
        for transport in made.values():
            transport.connect()
        yield made, daemon, server.port, server.home
        for transport in made.values():
            transport.close()


def timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def batches(
    transports: dict[str, Transport], runner_folder: Path, jobs: Sequence[Job], rounds: int
) -> dict[str, list[tuple[float, float]]]:
    """Wall time and device time of a batch over each link, in turn."""
    os.chdir(runner_folder)
    found = find_runner("linux-x86-64")
    assert found is not None
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in transports}
    for _ in range(rounds):
        for name, transport in transports.items():
            runner = NativeRunner(
                transport=transport, folder=found[0].resolve(), built=found[1], threads=1
            )
            runner.command()  # the program itself travels once, not with each batch
            start = time.perf_counter()
            outcomes = run_batch(runner, jobs)
            wall = time.perf_counter() - start
            assert not [each.error for each in outcomes if each.error]
            taken[name].append((wall, sum(each.device_s for each in outcomes)))
    return taken


def throughput(
    transports: dict[str, Transport], daemon: AdbDaemon, ssh_port: int, home: Path, rounds: int
) -> list[list[str]]:
    """Megabytes a second of our push beside the plain tool's, in turn."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, target = folder / "source", folder / "target"
        source.write_bytes(os.urandom(LARGE_BYTES))
        adb = ["adb", "-P", os.environ["ANDROID_ADB_SERVER_PORT"], "-s", daemon.serial]
        batch = folder / "batch"
        batch.write_text(f"put {source} {target}\n")
        sftp = ["sftp", "-q", "-P", str(ssh_port), "-i", str(home / ".ssh" / "id_ed25519")]
        sftp += ["-o", f"UserKnownHostsFile={home}/.ssh/known_hosts", "-b", str(batch), "127.0.0.1"]
        plain = {"adb": [*adb, "push", str(source), str(target)], "ssh": sftp}
        for kind, argv in plain.items():
            ours, theirs = [], []
            for _ in range(rounds):
                with transports[kind].folder() as there:
                    ours.append(timed(lambda k=kind, t=there: transports[k].push(source, t / "x")))
                theirs.append(
                    timed(lambda a=argv: subprocess.run(a, check=True, capture_output=True))
                )
            mb = LARGE_BYTES / 1e6
            middle = statistics.median(ours), statistics.median(theirs)
            rows.append(
                [
                    "adb push" if kind == "adb" else "sftp",
                    f"{mb / middle[0]:.0f} MB/s",
                    f"{mb / middle[1]:.0f} MB/s",
                    f"{middle[1] / middle[0]:.2f}",
                ]
            )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operators", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build_runner("linux-x86-64", out=folder / "runners" / "linux-x86-64")
        specs = [operator(number) for number in range(given.operators)]
        made = operator_jobs(specs, Target.X86, folder, states=STATES)
        jobs = [job for job in made if isinstance(job, Job)]
        assert len(jobs) == given.operators
        size = sum(path.stat().st_size for job in jobs for path in job.files.values())
        with devices(folder) as (transports, daemon, ssh_port, home):
            fast = throughput(transports, daemon, ssh_port, home, given.rounds)
            daemon.faults.delay_s = DELAY_S
            taken = batches(transports, folder, jobs, given.rounds)
            daemon.faults.delay_s = 0.0
    rows = []
    for link, times in taken.items():
        costs = [1e3 * (wall - device) / given.operators for wall, device in times]
        speeds = [60 * given.operators / wall for wall, _ in times]
        rows.append(
            [link, f"{statistics.median(speeds):.0f}", f"{statistics.median(costs):.2f} ms"]
        )
    print(machine_line())
    print(
        f"{given.operators} operators of {size / 1e6:.1f} MB in one batch, {given.rounds} rounds; "
        "over adb each message is 5 ms on its way"
    )
    print(tabulate(rows, ["link", "operators a minute", "transport and start per operator"]))
    print()
    print(tabulate(fast, ["push of 50 MB beside", "ours", "theirs", "ours over theirs"]))


if __name__ == "__main__":
    main()
