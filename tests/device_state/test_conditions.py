"""What a device says of its own state."""

from __future__ import annotations

import pytest
from edgeslim.profiling.conditions import parse_conditions, read_conditions

from edgeslim.device import Location
from edgeslim.transports import TRANSPORTS

PHONE = """\
/proc/loadavg:1.25 0.80 0.40 2/1034 4711
/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq:1785600
/sys/devices/system/cpu/cpu7/cpufreq/scaling_cur_freq:2841600
/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor:schedutil
/sys/devices/system/cpu/cpu7/cpufreq/scaling_governor:performance
/sys/class/thermal/thermal_zone0/temp:38700
/sys/class/thermal/thermal_zone1/temp:41
/sys/class/thermal/thermal_zone2/temp:-40000
"""


def test_frequencies_governors_temperature_and_load_are_read() -> None:
    found = parse_conditions(PHONE.splitlines())
    assert found.frequencies_mhz == (1785.6, 2841.6)
    assert found.governors == ("performance", "schedutil")
    assert found.temperature_c == 41.0
    assert found.load == 1.25
    assert found.measured


@pytest.mark.parametrize("lines", [[], ["/proc/loadavg:?"], ["garbage", ":", "a:b:c"]])
def test_what_a_device_does_not_say_is_empty(lines: list[str]) -> None:
    found = parse_conditions(lines)
    assert (found.frequencies_mhz, found.governors) == ((), ())
    assert (found.temperature_c, found.load) == (None, None)


def test_this_machine_says_its_load() -> None:
    assert (read_conditions(TRANSPORTS.get("local")(Location())).load or 0) >= 0
    assert read_conditions(TRANSPORTS.get("local")(Location())).load is not None
