"""What a device says of its own state: frequencies, governor, temperature, load.

It is written into the table beside the latencies, where a device says it at all (virtual
machines hide their frequencies, phones often their temperatures).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from edgeslim.latency_rows import ConditionsRow
from edgeslim.profiling.device_session import now
from edgeslim.transports import Transport

__all__ = ["read_conditions"]

_CPU = "/sys/devices/system/cpu/cpu{}/cpufreq/{}"
_ZONE = "/sys/class/thermal/thermal_zone{}/temp"
_LOAD = "/proc/loadavg"
_CORES = 16
_ZONES = 16


def read_conditions(transport: Transport) -> ConditionsRow:
    """The state of a device now; what it does not say is empty."""
    paths = [
        _LOAD,
        *(_CPU.format(core, "scaling_cur_freq") for core in range(_CORES)),
        *(_CPU.format(core, "scaling_governor") for core in range(_CORES)),
        *(_ZONE.format(zone) for zone in range(_ZONES)),
    ]
    # Names each line by its file, and says nothing of files that are not there.
    output = transport.run(["grep", "-sH", "", *paths], timeout_s=10).output
    return parse_conditions(output.decode(errors="replace").splitlines())


def parse_conditions(lines: Iterable[str]) -> ConditionsRow:
    """The state in lines of ``path:content``."""
    found = dict(line.partition(":")[::2] for line in lines)
    frequencies = _numbers(found, r".*/scaling_cur_freq")
    temperatures = _numbers(found, r".*/thermal_zone\d+/temp")
    load = re.match(r"[\d.]+", found.get(_LOAD, ""))
    return ConditionsRow(
        frequencies_mhz=tuple(kilohertz / 1000 for kilohertz in frequencies),
        governors=tuple(
            sorted({text for path, text in found.items() if path.endswith("/scaling_governor")})
        ),
        # Some zones say whole degrees, most thousandths.
        temperature_c=max((t / 1000 if t > 1000 else t for t in temperatures), default=None),
        load=float(load.group()) if load else None,
        measured=now(),
    )


def _numbers(found: dict[str, str], pattern: str) -> list[float]:
    """The numbers in files whose path fits, in the order of the paths."""
    return [
        float(text)
        for path, text in found.items()
        if re.fullmatch(pattern, path) and re.fullmatch(r"-?\d+", text)
    ]
