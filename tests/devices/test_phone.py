"""The fake phone behind the device daemon and the real adb server."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.devices.adb_daemon import AdbDaemon
from tests.devices.adb_server import adb_server
from tests.devices.phone import FakePhone, require_mounts
from tests.tools import program

Shell = Callable[[str], str]


@pytest.fixture
def phone(tmp_path: Path) -> FakePhone:
    require_mounts()
    return FakePhone.make(tmp_path / "phone", cores=2)


@pytest.fixture
def shell(phone: FakePhone, tmp_path: Path) -> Iterator[Shell]:
    """Runs a command on it, as users do."""
    daemon = AdbDaemon(environment=phone.environment, wrapper=phone.wrapper)
    with adb_server(tmp_path) as server, daemon.listening():
        adb = [program("adb"), "-P", str(server)]
        serial = f"127.0.0.1:{daemon.port}"
        subprocess.run([*adb, "connect", serial], check=True, capture_output=True, timeout=30)

        def run(command: str) -> str:
            argv = [*adb, "-s", serial, "shell", command]
            done = subprocess.run(argv, check=False, capture_output=True, timeout=30, text=True)
            return f"{done.stdout}{done.stderr}".strip()

        yield run


def test_it_says_what_phones_say(phone: FakePhone, shell: Shell) -> None:
    assert shell("getprop ro.serialno") == "made-up-1"
    assert shell("getprop ro.nothing") == ""
    assert "[ro.product.cpu.abi]: [arm64-v8a]" in shell("getprop")
    phone.heats_to(celsius=91.5, battery_c=44.0, status=3)
    assert shell("cat /sys/class/thermal/thermal_zone*/temp") == "91500"
    assert "Thermal Status: 3" in shell("dumpsys thermalservice")
    assert "temperature: 440" in shell("dumpsys battery")
    assert "Can't find service" in shell("dumpsys nothing")


def test_its_settings_are_kept(phone: FakePhone, shell: Shell) -> None:
    setting = "global stay_on_while_plugged_in"
    assert shell(f"settings get {setting}") == "null"
    shell("svc power stayon usb")
    assert shell(f"settings get {setting}") == "2"
    shell(f"settings delete {setting}")
    assert shell(f"settings get {setting}") == "null"
    shell("cmd power set-fixed-performance-mode-enabled true")
    shell("echo 576000 >/sys/devices/system/cpu/cpu1/cpufreq/scaling_max_freq")
    assert phone.changeable()["fixed_performance"] == "true"
    assert phone.changeable()["cpu/cpufreq/policy1/scaling_max_freq"] == "576000"
    assert shell("cat /sys/devices/system/cpu/cpufreq/policy1/scaling_cur_freq") == "576000"


def test_it_refuses_what_it_was_told_to(phone: FakePhone, shell: Shell) -> None:
    phone.refuses("settings-put")
    phone.refuses("fixed-performance")
    assert "Failure" in shell("settings put global stay_on_while_plugged_in 1")
    assert "Failed" in shell("cmd power set-fixed-performance-mode-enabled true")
    assert "Unknown command" in shell("cmd power other")
    assert not any(name.startswith("settings") for name in phone.changeable())
