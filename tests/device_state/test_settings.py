"""Settings of a device: applied, and put back whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeslim.device import Location
from edgeslim.device_state.conditions import read_conditions
from edgeslim.device_state.old_settings import OldSettings, Policy, parse_settings
from edgeslim.device_state.settings import (
    DeviceSettings,
    apply_lines,
    hold_settings,
    restore_leftovers,
    restore_lines,
)
from edgeslim.errors import LinkLostError, UsageError
from edgeslim.transports import TRANSPORTS
from tests.device_state.phones import PhoneTransport
from tests.devices.phone import FakePhone, require_mounts
from tests.tools import PROJECT

pytestmark = pytest.mark.slow

EVERYTHING = DeviceSettings(stay_on=True, fixed_performance=True, frequency_share=0.6)
STAY_ON = "settings/global/stay_on_while_plugged_in"


@pytest.fixture
def phone(tmp_path: Path) -> FakePhone:
    require_mounts()
    return FakePhone.make(tmp_path / "phone", cores=3)


@pytest.fixture
def folder(tmp_path: Path) -> PurePosixPath:
    return PurePosixPath(tmp_path / "it's ours")


def left_in(folder: PurePosixPath) -> list[str]:
    return sorted(path.name for path in Path(folder).glob("*"))


def test_nothing_wanted_is_nothing_done(phone: FakePhone, folder: PurePosixPath) -> None:
    def never() -> None:
        raise AssertionError

    with hold_settings(PhoneTransport(phone, before=never), DeviceSettings(), folder) as in_force:
        assert in_force == ()


@pytest.mark.parametrize(
    ("wanted", "in_force", "changed"),
    [
        (DeviceSettings(stay_on=True), "stays on while plugged in", {STAY_ON: "7"}),
        (
            DeviceSettings(fixed_performance=True),
            "fixed performance mode",
            {"fixed_performance": "true"},
        ),
        (
            DeviceSettings(frequency_share=0.6),
            "frequencies locked at 1.00 GHz",
            {
                f"cpu/cpufreq/policy{core}/scaling_{name}": value
                for core in range(3)
                for name, value in (
                    ("governor", "performance"),
                    ("min_freq", "998400"),
                    ("max_freq", "998400"),
                )
            },
        ),
    ],
)
def test_each_setting_is_applied_and_put_back(
    phone: FakePhone,
    folder: PurePosixPath,
    wanted: DeviceSettings,
    in_force: str,
    changed: dict[str, str],
) -> None:
    phone.put("stay_on_while_plugged_in", "2")
    before = phone.changeable()
    with hold_settings(PhoneTransport(phone), wanted, folder) as found:
        assert found == (in_force,)
        assert phone.changeable() == {**before, **changed}
        assert left_in(folder) == ["restore-settings.sh"]
    assert phone.changeable() == before
    assert left_in(folder) == []


def test_all_at_once_and_after_an_exception(phone: FakePhone, folder: PurePosixPath) -> None:
    before = phone.changeable()
    transport = PhoneTransport(phone)

    def hold() -> None:
        with hold_settings(transport, EVERYTHING, folder) as found:
            assert len(found) == 3
            assert read_conditions(transport).capped == pytest.approx(0.559, abs=0.001)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hold()
    assert phone.changeable() == before
    assert left_in(folder) == []


def test_settings_are_held_on_a_link_that_comes_back(
    phone: FakePhone, folder: PurePosixPath
) -> None:
    before = phone.changeable()
    transport = PhoneTransport(phone)
    with hold_settings(transport, EVERYTHING, folder):
        transport.before = lost_once(transport)
    assert phone.changeable() == before


def lost_once(transport: PhoneTransport) -> Callable[[], None]:
    def before() -> None:
        transport.before = lambda: None
        raise LinkLostError("the link broke off")

    return before


def lost_for_good() -> None:
    raise LinkLostError("the link broke off")


def test_a_link_that_is_lost_leaves_the_script_for_the_next_time(
    phone: FakePhone, folder: PurePosixPath
) -> None:
    before = phone.changeable()
    transport = PhoneTransport(phone)

    def hold() -> None:
        with hold_settings(transport, EVERYTHING, folder):
            transport.before = lost_for_good

    with pytest.raises(LinkLostError, match="when it is next opened"):
        hold()
    assert phone.changeable() != before
    restore_leftovers(PhoneTransport(phone), folder)
    assert phone.changeable() == before
    restore_leftovers(PhoneTransport(phone), folder)
    assert phone.changeable() == before


HOLDING = """
import sys, time
from pathlib import Path, PurePosixPath
from edgeslim.device_state.settings import DeviceSettings, hold_settings
from tests.device_state.phones import PhoneTransport
from tests.devices.phone import FakePhone
wanted = DeviceSettings(stay_on=True, fixed_performance=True, frequency_share=0.6)
calls = iter(range(100))
def before():
    if next(calls) == int(sys.argv[3]):
        print("here", flush=True)
        time.sleep(60)
phone = FakePhone(state=Path(sys.argv[1]))
with hold_settings(PhoneTransport(phone, before=before), wanted, PurePosixPath(sys.argv[2])):
    print("here", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("call", range(8))
def test_a_killed_run_is_put_back_at_the_next(
    phone: FakePhone, folder: PurePosixPath, call: int
) -> None:
    """It is killed before each of its programs in turn, and while the settings are held."""
    before = phone.changeable()
    argv = [sys.executable, "-c", HOLDING, str(phone.state), str(folder), str(call)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"here\n"
        child.send_signal(signal.SIGKILL)
    if call == 7:
        assert phone.changeable() != before
    with hold_settings(PhoneTransport(phone), DeviceSettings(stay_on=True), folder):
        assert phone.changeable() == {**before, STAY_ON: "7"}
    assert phone.changeable() == before
    assert left_in(folder) == []


def old_settings(phone: FakePhone, wanted: DeviceSettings) -> tuple[list[str], list[str]]:
    """Lines that change the settings, and lines that put them back."""
    from edgeslim.device_state.settings import _read_settings

    old = _read_settings(PhoneTransport(phone))
    return apply_lines(wanted, old), restore_lines(wanted, old)


def test_after_any_line_of_both_scripts_all_is_put_back(
    phone: FakePhone, folder: PurePosixPath
) -> None:
    phone.put("stay_on_while_plugged_in", "3")
    before = phone.changeable()
    transport = PhoneTransport(phone)
    applying, restoring = old_settings(phone, EVERYTHING)
    script = Path(folder) / "restore-settings.sh"
    script.parent.mkdir()
    for done in range(len(applying) + 1):
        for restored in range(0, len(restoring) + 1, 3):
            script.write_text("\n".join([*restoring, "exit 0"]))
            lines = [*applying[:done], *restoring[:restored]]
            transport.run(["sh", "-c", "\n".join(lines)], timeout_s=30)
            restore_leftovers(transport, folder)
            assert phone.changeable() == before
            assert left_in(folder) == []


def test_a_script_that_was_not_finished_is_not_run(phone: FakePhone, folder: PurePosixPath) -> None:
    before = phone.changeable()
    part = Path(folder) / "restore-settings.sh.part"
    part.parent.mkdir()
    part.write_text("settings put global stay_on_while_plugged_in 1\n")
    restore_leftovers(PhoneTransport(phone), folder)
    assert phone.changeable() == before
    assert left_in(folder) == []


def test_what_does_not_outlive_a_restart_is_left_alone_after_one(
    phone: FakePhone, folder: PurePosixPath
) -> None:
    transport = PhoneTransport(phone)
    applying, restoring = old_settings(phone, EVERYTHING)
    transport.run(["sh", "-c", "\n".join(applying)], timeout_s=30)
    changed = phone.changeable()
    script = Path(folder) / "restore-settings.sh"
    script.parent.mkdir()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    script.write_text("\n".join([*restoring, "exit 0"]).replace(boot, "another-one"))
    restore_leftovers(transport, folder)
    assert left_in(folder) == []
    del changed[STAY_ON]
    assert phone.changeable() == changed


@pytest.mark.parametrize(
    ("refused", "wanted", "message"),
    [
        ("settings-put", DeviceSettings(stay_on=True), "developer options"),
        ("settings-get", DeviceSettings(stay_on=True), "leave --stay-on away"),
        ("fixed-performance", EVERYTHING, "leave --fixed-performance away"),
    ],
)
def test_a_setting_that_is_refused_changes_nothing(
    phone: FakePhone, folder: PurePosixPath, refused: str, wanted: DeviceSettings, message: str
) -> None:
    phone.put("stay_on_while_plugged_in", "1")
    before = phone.changeable()
    phone.refuses(refused)
    with (
        pytest.raises(UsageError, match=message),
        hold_settings(PhoneTransport(phone), wanted, folder),
    ):
        pass
    assert phone.changeable() == before
    assert left_in(folder) == []


def test_what_cannot_be_put_back_is_said_and_tried_again(
    phone: FakePhone, folder: PurePosixPath
) -> None:
    phone.put("stay_on_while_plugged_in", "1")
    before = phone.changeable()

    def hold() -> None:
        with hold_settings(PhoneTransport(phone), EVERYTHING, folder):
            phone.refuses("settings-put")

    with pytest.raises(UsageError, match=r"\(stay-on\); adb root lets them, or restart it"):
        hold()
    assert phone.changeable() == {**before, STAY_ON: "7"}
    phone.obeys("settings-put")
    restore_leftovers(PhoneTransport(phone), folder)
    assert phone.changeable() == before


@pytest.mark.parametrize(
    ("user", "message"), [("2000", "run adb root, or leave"), ("0", "/sys is read-only; leave")]
)
def test_frequencies_that_cannot_be_set(
    tmp_path: Path, folder: PurePosixPath, user: str, message: str
) -> None:
    require_mounts()
    phone = FakePhone.make(tmp_path / "phone", frequencies_writable=False)
    (phone.state / "user").write_text(f"{user}\n")
    with (
        pytest.raises(UsageError, match=message),
        hold_settings(PhoneTransport(phone), EVERYTHING, folder),
    ):
        pass
    assert left_in(folder) == []


def test_a_phone_that_does_not_keep_to_its_lock(phone: FakePhone, folder: PurePosixPath) -> None:
    """It is so hot that it runs slower than it is told."""
    before = phone.changeable()
    current = phone.state / "cpu/cpufreq/policy1/scaling_cur_freq"
    current.unlink()
    current.write_text("300000\n")
    with (
        pytest.raises(UsageError, match=r"policy1 should be at 1\.00 GHz and is at 0\.30 GHz"),
        hold_settings(PhoneTransport(phone), EVERYTHING, folder),
    ):
        pass
    assert phone.changeable() == before
    assert left_in(folder) == []


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (DeviceSettings(stay_on=True), "no Android device; leave --stay-on away"),
        (DeviceSettings(fixed_performance=True), "leave --fixed-performance away"),
    ],
)
def test_a_machine_without_android(
    folder: PurePosixPath, wanted: DeviceSettings, message: str
) -> None:
    transport = TRANSPORTS.get("local")(Location())
    with pytest.raises(UsageError, match=message), hold_settings(transport, wanted, folder):
        pass


@pytest.mark.parametrize("share", [0, -1, 1.01, float("nan")])
def test_shares_that_cannot_be_meant(share: float) -> None:
    with pytest.raises(UsageError, match="above 0 and up to 1"):
        DeviceSettings(frequency_share=share)


def test_cores_without_policies_are_set_one_by_one() -> None:
    core = "/sys/devices/system/cpu/cpu{}/cpufreq/{}:{}"
    values = {
        "scaling_governor": "interactive",
        "scaling_min_freq": 300000,
        "scaling_max_freq": 2265600,
        "cpuinfo_min_freq": 300000,
        "cpuinfo_max_freq": 2265600,
    }
    lines = [core.format(n, name, value) for n in (0, 1) for name, value in values.items()]
    found = parse_settings([*lines, "boot:$(reboot)", "user:2000"])
    assert [policy.name for policy in found.policies] == ["cpu0", "cpu1"]
    assert found.policies[0].nearest(0.5) == 1132800
    assert found.boot == ""
    assert not found.is_root


FREQUENCY = st.sampled_from((300000, 576000, 998400, 1209600, 1785600))


@given(was=st.tuples(FREQUENCY, FREQUENCY), share=st.floats(0.01, 1))
@settings(max_examples=200)
def test_limits_are_set_in_an_order_that_a_kernel_takes(was: tuple[int, int], share: float) -> None:
    """A kernel refuses a lower limit above the upper one, and the other way round."""
    limits = (min(was), max(was))
    policy = Policy(
        folder="p",
        governor="schedutil",
        governors=(),
        limits=limits,
        current=None,
        full=(300000, 1785600),
        steps=(300000, 576000, 998400, 1209600, 1785600),
        writable=True,
    )
    old = OldSettings(is_android=True, is_root=True, boot="b", stay_on=None, policies=(policy,))
    wanted = DeviceSettings(frequency_share=share)
    locked = as_a_kernel(limits, apply_lines(wanted, old)[-1])
    assert locked == (policy.nearest(share), policy.nearest(share))
    assert as_a_kernel(locked, restore_lines(wanted, old)[-1]) == limits


def as_a_kernel(limits: tuple[int, int], line: str) -> tuple[int, int]:
    """The limits after a line of ``echo``."""
    lowest, highest = limits
    words = line.replace(";", " ").split()
    for place, word in enumerate(words):
        if word == ">p/scaling_min_freq" and int(words[place - 1]) <= highest:
            lowest = int(words[place - 1])
        elif word == ">p/scaling_max_freq" and int(words[place - 1]) >= lowest:
            highest = int(words[place - 1])
    return lowest, highest
