"""Settings of a device that make latencies steadier, and that are always restored.

Before anything is changed, a script with the old values is written to the device itself. It
is run and removed at the end; when this program is killed or the link is lost, it is still
there the next time the device is opened, and is run then. It may be run twice, or interrupted
and run again, since it only sets values.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edgeslim.device_state.old_settings import OldSettings, Policy, parse_settings
from edgeslim.errors import EdgeslimError, LinkError, LinkLostError, UnwritableError, UsageError
from edgeslim.files import temporary_folder
from edgeslim.transports import Transport

__all__ = ["STAYS_ON", "DeviceSettings", "hold_settings", "restore_leftovers"]

_NAME = "restore-settings.sh"
_TIMEOUT_S = 60
_ATTEMPTS, _PAUSE_S = 4, 0.25
_TO_STAY_ON = "7"
"""Android's number for staying on at the mains, at a computer and on a charging pad."""

STAYS_ON = "stays on while plugged in"
"""The only setting that latencies do not depend on."""

_STAY_ON = "stay-on"
_FIXED_PERFORMANCE = "fixed performance mode"

# Opening a file tells whether it can be written: some shells only look at its mode.
_READ = """\
exec 2>/dev/null
c=/sys/devices/system/cpu
echo "boot:$(cat /proc/sys/kernel/random/boot_id)"
echo "user:$(id -u)"
for p in $c/cpufreq/policy[0-9]* $c/cpu[0-9]*/cpufreq
do for n in scaling_governor scaling_available_governors scaling_min_freq scaling_max_freq \\
 scaling_cur_freq scaling_available_frequencies cpuinfo_min_freq cpuinfo_max_freq
do v=; [ -r $p/$n ] && read -r v <$p/$n; [ -n "$v" ] && echo "$p/$n:$v"; done
(: >>$p/scaling_max_freq) && echo "$p/writable:yes"
done
if command -v getprop >/dev/null
then echo "android:yes"; echo "stay_on:$(settings get global stay_on_while_plugged_in)"
fi
exit 0
"""
# What could not be restored is printed, and the script kept for another time.
_RESTORE = """\
rm -f "$1.part"
[ -e "$1" ] || exit 0
left=$(sh "$1" 2>/dev/null) || left="the script ended early
$left"
if [ -z "$left" ]; then rm -f "$1"; else echo "$left"; fi
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceSettings:
    """Settings for a device while it is measured.

    Args:
        stay_on: Whether a phone's screen stays on while it is plugged in.
        fixed_performance: Whether Android's fixed performance mode is on, from Android 11.
        frequency_share: Share of its full frequency that every core is locked at, which needs
            root; None leaves frequencies alone.
    """

    stay_on: bool = False
    fixed_performance: bool = False
    frequency_share: float | None = None

    def __post_init__(self) -> None:
        if self.frequency_share is not None and not 0 < self.frequency_share <= 1:
            raise UsageError(
                f"a frequency is locked at a share above 0 and up to 1, not {self.frequency_share}"
            )

    def __bool__(self) -> bool:
        return self.stay_on or self.fixed_performance or self.frequency_share is not None


@contextmanager
def hold_settings(
    transport: Transport, wanted: DeviceSettings, folder: PurePosixPath
) -> Iterator[tuple[str, ...]]:
    """Changes settings while the context is open; gives the changed settings for people.

    Args:
        transport: Link to the device.
        wanted: Settings to change; without any, nothing is done.
        folder: Folder on the device that is the same in every run.

    Raises:
        UsageError: The device does not allow a change, or changes it back.
        LinkError: The device was lost.
    """
    if not wanted:
        yield ()
        return
    restore_leftovers(transport, folder)
    old = _read_settings(transport)
    _check(transport, wanted, old)
    lines = restore_lines(wanted, old)
    # Setting the old values changes nothing, and shows whether they can be restored.
    _raise_if_refused(transport, _run(transport, lines))
    _write_script(transport, lines, folder)
    try:
        yield _apply(transport, wanted, old)
    except BaseException:
        # This error says more. What is not restored now is restored the next time.
        with suppress(EdgeslimError):
            _restore(transport, folder)
        raise
    _restore(transport, folder)


def restore_leftovers(transport: Transport, folder: PurePosixPath) -> None:
    """Restores settings that an earlier run left changed; to be done first on every device.

    Raises:
        UsageError: The device does not allow it.
        LinkError: The device was lost.
    """
    argv = ["sh", "-c", _RESTORE, "sh", str(folder / _NAME)]
    output = transport.run(argv, timeout_s=_TIMEOUT_S).output
    kept = ", ".join(output.decode(errors="replace").split("\n")).strip(", \r")
    if kept:
        raise UsageError(
            f"{transport.place} still has settings of an earlier run that it does not let be put "
            f"back ({kept}); adb root lets them, or restart it"
        )


def _restore(transport: Transport, folder: PurePosixPath) -> None:
    """Restores settings over a link that may have been lost, which is then opened again."""
    try:
        try:
            restore_leftovers(transport, folder)
        except LinkLostError:
            transport.connect()
            restore_leftovers(transport, folder)
    except LinkError as error:
        raise LinkLostError(
            f"{transport.place} was lost before its settings were put back; that is done when it "
            f"is next opened: {error}"
        ) from error


def _read_settings(transport: Transport) -> OldSettings:
    output = transport.run(["sh", "-c", _READ], timeout_s=_TIMEOUT_S).output
    return parse_settings(output.decode(errors="replace").splitlines())


def _check(transport: Transport, wanted: DeviceSettings, old: OldSettings) -> None:
    """Raises an error for settings that the device cannot have, before anything is changed."""
    place = transport.place
    for asked, option in (
        (wanted.stay_on, "--stay-on"),
        (wanted.fixed_performance, "--fixed-performance"),
    ):
        if asked and not old.is_android:
            raise UsageError(f"{place} is no Android device; leave {option} away")
    if wanted.stay_on and old.stay_on is None:
        raise UsageError(f"{place} does not say whether it stays on; leave --stay-on away")
    if wanted.frequency_share is None:
        return
    if not old.policies:
        raise UsageError(f"{place} has no frequencies to be set; leave --lock-frequency away")
    if all(policy.writable for policy in old.policies):
        return
    if old.is_root:
        raise UsageError(
            f"{place} lets nobody set its frequencies, /sys is read-only; leave "
            "--lock-frequency away"
        )
    mend = "run adb root" if old.is_android else "log in as root"
    raise UsageError(
        f"frequencies of {place} are set by root alone; {mend}, or leave --lock-frequency away"
    )


def _write_script(transport: Transport, lines: list[str], folder: PurePosixPath) -> None:
    """Writes the script on the device, where it gets its name only once it is complete."""
    part, whole = folder / f"{_NAME}.part", folder / _NAME
    with temporary_folder() as own:
        script = Path(own) / _NAME
        script.write_text("\n".join([*lines, "exit 0", ""]))
        transport.run(["mkdir", "-p", str(folder)], timeout_s=_TIMEOUT_S)
        transport.push(script, part)
    # Without sync, a power cut may leave an empty script.
    move = 'sync; mv "$1" "$2" && sync'
    argv = ["sh", "-c", move, "sh", str(part), str(whole)]
    if transport.run(argv, timeout_s=_TIMEOUT_S).status != 0:
        raise UnwritableError(f"cannot write {whole} on {transport.place}")


def restore_lines(wanted: DeviceSettings, old: OldSettings) -> list[str]:
    """Lines of a script that restore everything; each prints what it could not restore.

    Frequencies and modes do not outlive a restart of the device, the other settings do.
    """
    lines = ["# What edgeslim changed on this device, and the values from before."]
    same_boot = f'[ "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)" != "{old.boot}" ] ||'
    if wanted.frequency_share is not None:
        for policy in old.policies:
            low, high = policy.limits
            lines.append(f"{same_boot} {{ {_governor(policy, policy.governor)}; }}")
            lines.append(f"{same_boot} {{ {_limits(policy, low, high)}; }}")
    if wanted.fixed_performance:
        lines.append(f"{same_boot} {{ {_fixed_performance(on=False)}; }}")
    if wanted.stay_on:
        lines.append(_stay_on(old.stay_on))
    return lines


def apply_lines(wanted: DeviceSettings, old: OldSettings) -> list[str]:
    """Lines of a script that change everything; each prints what it could not change."""
    lines = []
    if wanted.stay_on:
        lines.append(_stay_on(_TO_STAY_ON))
    if wanted.fixed_performance:
        lines.append(_fixed_performance(on=True))
    if wanted.frequency_share is not None:
        for policy in old.policies:
            frequency = policy.nearest(wanted.frequency_share)
            if "performance" in policy.governors:
                lines.append(_governor(policy, "performance"))
            lines.append(_limits(policy, frequency, frequency))
    return lines


def _stay_on(value: str | None) -> str:
    setting = "global stay_on_while_plugged_in"
    change = f"settings put {setting} {value}" if value else f"settings delete {setting}"
    return f"{change} >/dev/null 2>&1 || echo {_STAY_ON}"


def _fixed_performance(*, on: bool) -> str:
    change = f"cmd power set-fixed-performance-mode-enabled {str(on).lower()}"
    return f"{change} >/dev/null 2>&1 || echo {_FIXED_PERFORMANCE}"


def _governor(policy: Policy, name: str) -> str:
    return f"echo {name} >{policy.folder}/scaling_governor || echo governor of {policy.name}"


def _limits(policy: Policy, low: int, high: int) -> str:
    """A line that sets both limits, the lower one before and after the upper one.

    A kernel refuses a lower limit above the upper one, and it is not known which of the two
    has to be set first.
    """
    lowest, highest = f"{policy.folder}/scaling_min_freq", f"{policy.folder}/scaling_max_freq"
    return (
        f"echo {low} >{lowest}; echo {high} >{highest} && echo {low} >{lowest} "
        f"|| echo frequency of {policy.name}"
    )


def _run(transport: Transport, lines: list[str]) -> list[str]:
    """Runs lines of a script; returns what they could not set."""
    script = "\n".join(["exec 2>/dev/null", *lines, "exit 0"])
    output = transport.run(["sh", "-c", script], timeout_s=_TIMEOUT_S).output
    return output.decode(errors="replace").splitlines()


def _raise_if_refused(transport: Transport, refused: list[str]) -> None:
    """Raises an error with advice if a device refused settings."""
    place = transport.place
    if _STAY_ON in refused:
        raise UsageError(
            f"{place} lets adb change no settings; allow it in the phone's developer options "
            '(often "USB debugging, security settings"), or leave --stay-on away'
        )
    if _FIXED_PERFORMANCE in refused:
        raise UsageError(
            f"{place} has no fixed performance mode (Android 11 and later have it, not on every "
            "phone); leave --fixed-performance away"
        )
    if refused:
        raise UsageError(
            f"{place} does not let be set: {', '.join(refused)}; leave --lock-frequency away"
        )


def _apply(transport: Transport, wanted: DeviceSettings, old: OldSettings) -> tuple[str, ...]:
    _raise_if_refused(transport, _run(transport, apply_lines(wanted, old)))
    in_force = []
    if wanted.fixed_performance:
        in_force.append(_FIXED_PERFORMANCE)
    for attempt in range(_ATTEMPTS):
        # A governor takes a moment, and services of phones change limits back.
        problem = _problem(wanted, old, _read_settings(transport))
        if not problem:
            break
        if attempt == _ATTEMPTS - 1:
            raise UsageError(f"{transport.place} does not keep to what was set: {problem}")
        time.sleep(_PAUSE_S)
    if wanted.stay_on:
        in_force.append(STAYS_ON)
    if wanted.frequency_share is not None:
        speeds = dict.fromkeys(
            f"{policy.nearest(wanted.frequency_share) / 1e6:.2f} GHz" for policy in old.policies
        )
        in_force.append(f"frequencies locked at {', '.join(speeds)}")
    return tuple(in_force)


def _problem(wanted: DeviceSettings, old: OldSettings, now: OldSettings) -> str:
    """Text of a setting that is not as it was set; empty if all are."""
    if wanted.stay_on and now.stay_on != _TO_STAY_ON:
        return "it would not stay on; leave --stay-on away"
    if wanted.frequency_share is None:
        return ""
    found = {policy.folder: policy for policy in now.policies}
    for policy in old.policies:
        frequency = policy.nearest(wanted.frequency_share)
        read = found.get(policy.folder)
        if read is None or not read.is_at(frequency):
            says = read.text if read else "switched off"
            return (
                f"{policy.name} should be at {frequency / 1e6:.2f} GHz and is {says}; let it cool "
                "down, lock a lower share, or leave --lock-frequency away"
            )
    return ""
