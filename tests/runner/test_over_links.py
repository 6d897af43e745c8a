"""Batches over links that break, on devices that vanish: nothing lost, nothing invented."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from edgeslim.companion import lite_python
from edgeslim.device import Location
from edgeslim.runner.batch import run_batch
from edgeslim.runner.job import Job
from edgeslim.runner.protocol import Sampling
from edgeslim.runner.runners import PythonRunner
from edgeslim.transports import TRANSPORTS
from tests.devices.adb_daemon import AdbDaemon, Faults
from tests.devices.ssh_server import SshServer
from tests.tools import wait_until

pytestmark = pytest.mark.slow

LAST_MESSAGE = 120
STEP = 7
LONG = Sampling(warmup=1, minimum_samples=3, minimum_s=0.2, maximum_s=0.3)


@pytest.fixture
def runner(adb_device: Location) -> Iterator[PythonRunner]:
    """The Python runner behind the real adb server."""
    transport = TRANSPORTS.get("adb")(adb_device)
    transport.connect()
    yield PythonRunner(transport=transport, python=str(lite_python()), threads=1)
    transport.close()


def lasting(jobs: Sequence[Job]) -> list[Job]:
    """Jobs that take a while each."""
    return [
        Job(entry=msgspec.structs.replace(job.entry, states=(LONG,)), files=job.files)
        for job in jobs
    ]


def assert_whole(runner: PythonRunner, jobs: Sequence[Job]) -> None:
    """Every job is measured, once, in its order."""
    outcomes = run_batch(runner, jobs)
    assert [outcome.id for outcome in outcomes] == [job.entry.id for job in jobs]
    for outcome, job in zip(outcomes, jobs, strict=True):
        assert outcome.error is None
        assert len(outcome.measurements) == len(job.entry.states)


@pytest.mark.parametrize("message", range(1, LAST_MESSAGE, STEP))
def test_a_link_cut_at_any_message_costs_no_operator(
    runner: PythonRunner,
    adb_daemon: AdbDaemon,
    adb_device: Location,
    real_jobs: Sequence[Job],
    message: int,
) -> None:
    adb_daemon.messages = 0
    adb_daemon.faults = Faults(cut_after=message)
    assert_whole(runner, real_jobs[:2])
    runner.transport.close()
    assert wait_until(lambda: not adb_daemon.alive())
    for part in ("work", "running"):
        assert list((Path(adb_device.folder) / part).glob("*")) == []


def test_a_link_that_breaks_again_and_again_still_gets_there(
    runner: PythonRunner, adb_daemon: AdbDaemon, real_jobs: Sequence[Job]
) -> None:
    adb_daemon.messages = 0
    adb_daemon.faults = Faults(cut_after=25, cuts_left=6)
    assert_whole(runner, real_jobs)


def later(action: object, seconds: float) -> threading.Timer:
    """Does something while a batch runs."""
    assert callable(action)
    timer = threading.Timer(seconds, action)
    timer.start()
    return timer


def test_a_device_that_reboots_in_the_middle_goes_on(
    runner: PythonRunner, adb_daemon: AdbDaemon, real_jobs: Sequence[Job]
) -> None:
    later(adb_daemon.reboot, 0.8)
    assert_whole(runner, lasting(real_jobs))


def test_a_device_that_is_away_for_a_while_goes_on(
    runner: PythonRunner, adb_daemon: AdbDaemon, real_jobs: Sequence[Job]
) -> None:
    def away() -> None:
        adb_daemon.faults.refuse = True
        adb_daemon.cut()
        time.sleep(3)
        adb_daemon.faults.refuse = False

    later(away, 0.6)
    assert_whole(runner, lasting(real_jobs))


def test_a_runner_that_somebody_kills_measures_its_model_again(
    runner: PythonRunner,
    adb_daemon: AdbDaemon,
    adb_device: Location,
    real_jobs: Sequence[Job],
) -> None:
    def is_running() -> bool:
        found = (Path(adb_device.folder) / "work").glob("*/results.jsonl")
        return any(b"start" in results.read_bytes() for results in found)

    def kill() -> None:
        assert wait_until(is_running)
        adb_daemon.kill_programs()

    later(kill, 0.0)
    assert_whole(runner, lasting(real_jobs))


def test_output_that_is_garbled_changes_nothing_for_the_file_counts(
    runner: PythonRunner, adb_daemon: AdbDaemon, real_jobs: Sequence[Job]
) -> None:
    command = runner.command()  # sent before
    assert command
    adb_daemon.faults.garble = lambda data: (
        data if b'"event"' not in data else data.replace(b'"samples_ns"', b'"sampled"')
    )
    assert_whole(runner, real_jobs[:2])


def test_an_ssh_server_that_drops_us_costs_no_operator(
    sshd: SshServer, ssh_device: Location, real_jobs: Sequence[Job]
) -> None:
    transport = TRANSPORTS.get("ssh")(ssh_device)
    transport.connect()
    runner = PythonRunner(transport=transport, python=str(lite_python()), threads=1)
    later(sshd.cut, 0.8)
    assert_whole(runner, lasting(real_jobs))
    transport.close()
    assert list((Path(ssh_device.folder) / "work").glob("*")) == []


def test_the_cuts_above_reach_to_the_end_of_a_batch(
    runner: PythonRunner, adb_daemon: AdbDaemon, real_jobs: Sequence[Job]
) -> None:
    adb_daemon.messages = 0
    assert_whole(runner, real_jobs[:2])
    assert adb_daemon.messages <= LAST_MESSAGE, adb_daemon.messages
