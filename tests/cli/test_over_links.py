"""The whole way on devices that are not this machine: a phone over adb, a board over ssh.

Both have this machine's processor and runtime behind them, and their tables say so; the adb
server, the ssh server and all between them are real.
"""

from __future__ import annotations

import random
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import encode_hook
from tests.devices.adb_daemon import AdbDaemon
from tests.devices.phone import FakePhone, require_mounts
from tests.devices.profiles import linked_profile
from tests.devices.ssh_server import SshServer
from tests.program import Ended, edgeslim, ended, fork, start
from tests.tools import PROJECT, wait_until
from tests.values import relu

pytestmark = pytest.mark.slow

SPACE = ("--space", "small.py")
KILLS = 6


@dataclass(frozen=True)
class Lab:
    """A folder to work in, with a profile of a device.

    Args:
        folder: The folder.
        device: The device's name.
        on_device: Our folder there.
    """

    folder: Path
    device: str
    on_device: Path

    def __call__(self, *arguments: object) -> Ended:
        return edgeslim(*arguments, folder=self.folder)

    def operators(self, count: int) -> Path:
        """A file with operators."""
        path = self.folder / "operators.jsonl"
        specs = [relu(channels) for channels in range(1, count + 1)]
        path.write_bytes(b"\n".join(msgspec.json.encode(x, enc_hook=encode_hook) for x in specs))
        return path

    def leftovers(self) -> list[str]:
        """What is still on the device, beside what is kept for later."""
        return [str(x) for part in ("work", "running") for x in (self.on_device / part).glob("*")]


@pytest.fixture
def phone(adb_daemon: AdbDaemon, tmp_path: Path) -> FakePhone:
    """A phone behind the daemon, with this machine's processor."""
    require_mounts()
    made = FakePhone.make(tmp_path / "phone", properties={"ro.product.cpu.abi": "x86_64"})
    adb_daemon.environment = made.environment
    adb_daemon.wrapper = made.wrapper
    return made


@pytest.fixture(params=["adb", "ssh"])
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Lab:
    """A folder with a profile of a phone, or of a board."""
    folder = tmp_path / "work"
    (folder / "device_profiles").mkdir(parents=True)
    if request.param == "adb":
        request.getfixturevalue("phone")
        daemon: AdbDaemon = request.getfixturevalue("adb_daemon")
        name, place = "android", f'serial = "{daemon.serial}"'
    else:
        server: SshServer = request.getfixturevalue("sshd")
        name, place = "rk3288", f'host = "127.0.0.1"\nport = {server.port}'
    text = linked_profile(name, request.param, place, tmp_path / "device")
    (folder / "device_profiles" / f"{name}.toml").write_text(text)
    return Lab(folder, name, tmp_path / "device")


def test_profile_search_and_deploy_work_as_on_this_machine(lab: Lab) -> None:
    listed = lab("devices", "--json").document["profiles"]
    (found,) = [each for each in listed if each["name"] == lab.device]
    assert found["ready"], found
    assert lab("doctor", "--device", lab.device, "--json").document["ready"]
    shutil.copy(PROJECT / "tests" / "docs" / "small_networks.py", lab.folder / "small.py")
    profiled = lab(
        *("profile", "--device", lab.device, *SPACE, "--networks", 3),
        *("--out", "table.jsonl", "--json"),
    )
    assert profiled.code == 0, profiled.err
    assert "INFO" not in profiled.err, "Paddle is loaded, and other libraries log nothing for it"
    context = LatencyTable.read(lab.folder / "table.jsonl").context
    assert context.device == lab.device
    assert context.unit == ("made-up-1" if lab.device == "android" else "")
    searched = lab(
        *("search", "--target-latency", "5ms", *SPACE, "--table", "table.jsonl", "--out", "run"),
        *("--task", "small.py", "--candidates", 2, "--epochs", 1, "--json"),
    )
    assert searched.code == 0, searched.err
    assert searched.document["best"]["measured_ms"] > 0
    deployed = lab("deploy", "run", "--rounds", 1, "--json")
    assert deployed.code == 0, deployed.err
    (model,) = deployed.document["models"]
    assert model["proved_by"] == ["interpreter", "device"], "before it ran there, and there"
    assert model["met_target"]
    assert model["output_max_rel_error"] < 1e-4
    assert lab.leftovers() == []


def test_an_attached_device_is_listed_by_its_own_profile_and_by_those_of_its_kind(
    lab: Lab,
) -> None:
    own = (lab.folder / "device_profiles" / f"{lab.device}.toml").read_text()
    mine = own.replace(f'name = "{lab.device}"', 'name = "mine"')
    (lab.folder / "device_profiles" / "mine.toml").write_text(mine)
    (lab.folder / "device_profiles" / "android.toml").unlink(missing_ok=True)
    for _ in range(2):  # once before it is attached, and once after
        listed = lab("devices", "--json").document["profiles"]
        assert [each["ready"] for each in listed if each["name"] == "mine"] == [True]
    serials = [each["serial"] for each in listed if each["name"] == "android"]
    (found,) = [each for each in listed if each["name"] == "mine"]
    if lab.device == "android":
        assert found["serial"] in serials


def test_a_process_killed_at_any_moment_costs_at_most_a_group(lab: Lab) -> None:
    operators = 30
    arguments = (
        *("profile", "--device", lab.device, "--operators", lab.operators(operators)),
        *("--out", "table.jsonl", "--json"),
    )
    moments = random.Random(0)
    for _ in range(KILLS):
        process = fork(*arguments, folder=lab.folder)
        time.sleep(moments.uniform(0, 2.0))
        process.send_signal(signal.SIGKILL)
        ended(process)
    done = lab(*arguments)
    assert done.code == 0, done.err
    assert rows(lab.folder / "table.jsonl") == operators + 1  # the null operator as well
    assert wait_until(lambda: lab.leftovers() == [])


def rows(path: Path) -> int:
    """Operators of a table, each of which must be there once."""
    lines = path.read_bytes().splitlines()
    keys = [
        msgspec.json.encode(msgspec.json.decode(line)["operator"], order="sorted")
        for line in lines
        if b'"row":"operator"' in line[:20]
    ]
    assert len(keys) == len(set(keys))
    return len(LatencyTable.read(path))


def test_what_is_set_on_a_phone_is_put_back_also_after_a_kill(
    lab: Lab, request: pytest.FixtureRequest
) -> None:
    if lab.device != "android":
        pytest.skip("boards are not set")
    phone: FakePhone = request.getfixturevalue("phone")
    before = phone.changeable()
    arguments = (
        *("profile", "--device", "android", "--operators", lab.operators(12), "--out", "t.jsonl"),
        *("--stay-on", "--fixed-performance", "--lock-frequency", "70%", "--json"),
    )
    process = fork(*arguments, folder=lab.folder)
    assert wait_until(lambda: phone.changeable() != before, timeout_s=60)
    time.sleep(1)
    process.send_signal(signal.SIGKILL)
    ended(process)
    assert phone.changeable() != before
    done = lab(*arguments)
    assert done.code == 0, done.err
    assert phone.changeable() == before
    settings = LatencyTable.read(lab.folder / "t.jsonl").context.settings
    assert settings[0] == "fixed performance mode"
    assert settings[1].startswith("frequencies locked at ")
    unlike = lab(
        "profile", "--device", "android", "--operators", "operators.jsonl", "--out", "t.jsonl"
    )
    assert "is of another settings" in unlike.error(2)


def test_a_phone_that_gets_hot_is_waited_for_and_measured_again(
    lab: Lab, request: pytest.FixtureRequest
) -> None:
    if lab.device != "android":
        pytest.skip("boards say nothing of heat here")
    phone: FakePhone = request.getfixturevalue("phone")
    arguments = (
        *("profile", "--device", "android", "--operators", lab.operators(40), "--out", "t.jsonl"),
        "--json",
    )
    process = start(*arguments, folder=lab.folder)
    assert wait_until((lab.folder / "t.jsonl").exists, timeout_s=60)
    phone.heats_to(celsius=95.0, battery_c=46.0, status=3)
    assert process.stderr is not None
    said = ""
    while "the device is hot (95 C, 46 C (battery), thermal status 3 (severe)" not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    phone.heats_to(celsius=40.0, battery_c=30.0, status=0)
    done = ended(process)
    assert done.code == 0, said + done.err
    assert "the device is cool again after" in done.err
    table = LatencyTable.read(lab.folder / "t.jsonl")
    assert len(table) == 41
    assert not [spec for spec in table if "hot" in table.unsteady_reason(spec)]
    kinds = (lab.folder / "t.jsonl").read_text()
    assert '"thermal_status":3' in kinds or '"thermal_status":0' in kinds


def test_wrong_options_are_one_clear_line(lab: Lab) -> None:
    for options, message in (
        (("--lock-frequency", "much"), "--lock-frequency is a share like 70%, not 'much'"),
        (("--serial", "a", "--host", "b"), "--serial a is for adb and --host b for ssh"),
        (("--threads", "1000"), "1000 threads do not fit on"),
    ):
        arguments = ("profile", "--device", lab.device, "--operators", lab.operators(1))
        assert message in lab(*arguments, *options).error(2)


def test_two_phones_are_measured_at_once_into_a_table_each(
    adb_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_mounts()
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(adb_port))
    phones = [
        FakePhone.make(
            tmp_path / name,
            properties={"ro.product.cpu.abi": "x86_64", "ro.serialno": name},
        )
        for name in ("first", "second")
    ]
    daemons = [AdbDaemon(environment=x.environment, wrapper=x.wrapper) for x in phones]
    folder = tmp_path / "work"
    (folder / "device_profiles").mkdir(parents=True)
    text = linked_profile("android", "adb", "", tmp_path / "on")
    (folder / "device_profiles" / "android.toml").write_text(text)
    lab = Lab(folder, "android", tmp_path / "on")
    with daemons[0].listening(), daemons[1].listening():
        serials = [f"--serial={daemon.serial}" for daemon in daemons]
        done = lab(
            *("profile", "--device", "android", "--operators", lab.operators(4)), *serials, "--json"
        )
        for daemon in daemons:
            daemon.faults.refuse = True
            daemon.disconnect(adb_port)
    assert done.code == 0, done.err
    tables = [LatencyTable.read(folder / each["table"]) for each in done.document["devices"]]
    assert [table.context.unit for table in tables] == ["first", "second"]
    assert [len(table) for table in tables] == [5, 5]
