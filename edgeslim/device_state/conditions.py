"""The state of a device as it reports it: frequencies, temperatures, battery, load.

It is written into the table beside the latencies, as far as a device reports it (virtual
machines hide their frequencies, phones often their temperatures).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress

from edgeslim.durations import now
from edgeslim.errors import ProgramError
from edgeslim.latency_rows import ConditionsRow
from edgeslim.transports import Transport

__all__ = ["parse_conditions", "read_conditions"]

_TIMEOUT_S = 40
"""A busy phone takes seconds for one ``dumpsys``; it gives up itself after ten."""

# The shell reads the files itself: old phones have no grep, and a program per file is slow.
_SCRIPT = """\
exec 2>/dev/null
c=/sys/devices/system/cpu
z=/sys/class/thermal
for f in /proc/loadavg $c/online $c/cpu[0-9]*/cpufreq/scaling_governor \\
 $c/cpu[0-9]*/cpufreq/scaling_cur_freq $c/cpu[0-9]*/cpufreq/scaling_max_freq \\
 $c/cpu[0-9]*/cpufreq/scaling_min_freq $c/cpu[0-9]*/cpufreq/cpuinfo_max_freq \\
 $z/thermal_zone[0-9]*/type $z/thermal_zone[0-9]*/temp
do v=; [ -r "$f" ] && read -r v <"$f"; [ -n "$v" ] && echo "$f:$v"; done
if command -v getprop >/dev/null
then echo @thermalservice; dumpsys thermalservice; echo @battery; dumpsys battery
fi
exit 0
"""
_SECTIONS = ("@thermalservice", "@battery")

_LOAD = "/proc/loadavg"
_ONLINE = "/sys/devices/system/cpu/online"
_FREQUENCY = r"/sys/devices/system/cpu/cpu(\d+)/cpufreq/"
_ZONE = r"/sys/class/thermal/thermal_zone(\d+)/"
_NO_TEMPERATURE = re.compile(r"socd?|.*([iv]bat|bcl|-lvl|current|voltage).*", re.IGNORECASE)
"""Qualcomm's zone ``soc`` is the battery's state of charge; others are voltages and currents."""
_OF_A_PROCESSOR = re.compile(r"cpu|soc|tsens|cluster|little|big|x86_pkg|mtktsap", re.IGNORECASE)
_PLAUSIBLE_C = (-30, 150)
"""Sensors that are not connected report arbitrary values."""
_PLUGS = ("AC powered", "USB powered", "Wireless powered", "Dock powered")


def read_conditions(transport: Transport) -> ConditionsRow:
    """Reads the state of a device in one round trip; what it does not report is empty.

    Raises:
        LinkError: The device is not there.
    """
    lines: list[bytes] = []
    with suppress(ProgramError):  # no shell, or a service that hangs; what it printed is kept
        transport.run(["sh", "-c", _SCRIPT], timeout_s=_TIMEOUT_S, on_line=lines.append)
    return parse_conditions(line.decode(errors="replace").rstrip("\r") for line in lines)


def parse_conditions(lines: Iterable[str]) -> ConditionsRow:
    """The state from lines of ``path:content`` and the output of two services of Android."""
    files, services = _split(lines)
    battery = _fields(services["@battery"])
    thermal = _fields(services["@thermalservice"])
    tenths = _whole(battery.get("temperature"))
    load = re.match(r"[\d.]+", files.get(_LOAD, ""))
    plugs = [battery[name] == "true" for name in _PLUGS if name in battery]
    return ConditionsRow(
        frequencies_mhz=tuple(
            kilohertz / 1000 for kilohertz in _by_core(files, "scaling_cur_freq").values()
        ),
        governors=tuple(
            sorted({text for path, text in files.items() if path.endswith("/scaling_governor")})
        ),
        temperature_c=_hottest(files),
        load=float(load.group()) if load else None,
        measured=now(),
        # Until the hardware layer is ready the status is 0 and means nothing.
        thermal_status=None
        if thermal.get("HAL Ready") == "false"
        else _whole(thermal.get("Thermal Status")),
        battery_percent=_whole(battery.get("level")),
        battery_c=None if tenths is None else tenths / 10,
        plugged=any(plugs) if plugs else None,
        online_cores=count_cores(files.get(_ONLINE, "")) or None,
        capped=_frequency_cap(files),
    )


def count_cores(text: str) -> int:
    """Number of cores in a list like ``0-3,6``."""
    ranges = [re.fullmatch(r"(\d+)(?:-(\d+))?", part.strip()) for part in text.split(",")]
    return sum(int(match[2] or match[1]) - int(match[1]) + 1 for match in ranges if match)


def _split(lines: Iterable[str]) -> tuple[dict[str, str], dict[str, list[str]]]:
    files: dict[str, str] = {}
    services: dict[str, list[str]] = {name: [] for name in _SECTIONS}
    section = ""
    for line in lines:
        if line.strip() in services:
            section = line.strip()
        elif section:
            services[section].append(line)
        else:
            path, _, text = line.partition(":")
            files[path] = text.strip()
    return files, services


def _fields(lines: Iterable[str]) -> dict[str, str]:
    """The first value of each ``name: value``."""
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        found.setdefault(name.strip(), value.strip())
    return found


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"-?\d{1,9}", text) else None


def _by_core(files: Mapping[str, str], name: str) -> dict[int, int]:
    """The numbers in one file of each core, in the order of the cores."""
    pattern = re.compile(_FREQUENCY + re.escape(name))
    found = [(pattern.fullmatch(path), _whole(text)) for path, text in files.items()]
    return dict(
        sorted((int(match[1]), number) for match, number in found if match and number is not None)
    )


def _hottest(files: Mapping[str, str]) -> float | None:
    """Temperature of the hottest sensor of the processor; of all sensors, if none is named so."""
    all_c: list[float] = []
    processor_c: list[float] = []
    for path, text in files.items():
        match, number = re.fullmatch(_ZONE + "temp", path), _whole(text)
        if match is None or number is None:
            continue
        # Some zones report degrees, most report thousandths.
        degrees = number / 1000 if abs(number) > 1000 else float(number)
        if not _PLAUSIBLE_C[0] < degrees < _PLAUSIBLE_C[1]:
            continue
        kind = files.get(path.removesuffix("temp") + "type", "")
        if _NO_TEMPERATURE.fullmatch(kind):
            continue
        all_c.append(degrees)
        if _OF_A_PROCESSOR.search(kind):
            processor_c.append(degrees)
    return max(processor_c or all_c, default=None)


def _frequency_cap(files: Mapping[str, str]) -> float | None:
    """The share of its full frequency that the most limited core may use, if known."""
    allowed, full = _by_core(files, "scaling_max_freq"), _by_core(files, "cpuinfo_max_freq")
    shares = [allowed[core] / full[core] for core in allowed if full.get(core, 0) > 0]
    return min(1.0, *shares) if shares else None
