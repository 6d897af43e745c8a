"""What a device says of its own state."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.device import Location
from edgeslim.device_state.conditions import count_cores, parse_conditions, read_conditions
from edgeslim.latency_rows import ROWS, ConditionsRow, encode_row
from edgeslim.transports import TRANSPORTS

PHONE = """\
/proc/loadavg:1.25 0.80 0.40 2/1034 4711
/sys/devices/system/cpu/online:0-7
/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor:schedutil
/sys/devices/system/cpu/cpu7/cpufreq/scaling_governor:performance
/sys/devices/system/cpu/cpu10/cpufreq/scaling_cur_freq:100000
/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq:1785600
/sys/devices/system/cpu/cpu7/cpufreq/scaling_cur_freq:2841600
/sys/devices/system/cpu/cpu0/cpufreq/scaling_max_freq:1785600
/sys/devices/system/cpu/cpu7/cpufreq/scaling_max_freq:2131200
/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq:1785600
/sys/devices/system/cpu/cpu7/cpufreq/cpuinfo_max_freq:2841600
/sys/class/thermal/thermal_zone0/type:cpu-0-0-usr
/sys/class/thermal/thermal_zone1/type:cpu-1-7-usr
/sys/class/thermal/thermal_zone2/type:modem0-pa0-usr
/sys/class/thermal/thermal_zone3/type:quiet-therm-adc
/sys/class/thermal/thermal_zone0/temp:38700
/sys/class/thermal/thermal_zone1/temp:41
/sys/class/thermal/thermal_zone2/temp:-273000
/sys/class/thermal/thermal_zone3/temp:55000
@thermalservice
IsStatusOverride: false
ThermalEventListeners:
	callbacks: 2
ThermalStatusListeners:
	callbacks: 5
Thermal Status: 1
Cached temperatures:
	Temperature{mValue=38.7, mType=0, mName=CPU0, mStatus=0}
HAL Ready: true
@battery
Current Battery Service state:
  AC powered: false
  USB powered: true
  Wireless powered: false
  Max charging current: 500000
  status: 2
  health: 2
  present: true
  level: 85
  scale: 100
  voltage: 4200
  temperature: 312
  technology: Li-ion
"""


def test_what_a_phone_says_is_read() -> None:
    found = parse_conditions(PHONE.splitlines())
    assert found.frequencies_mhz == (1785.6, 2841.6, 100.0)
    assert found.governors == ("performance", "schedutil")
    assert found.temperature_c == 41.0
    assert found.load == 1.25
    assert found.measured
    assert (found.thermal_status, found.battery_percent, found.battery_c) == (1, 85, 31.2)
    assert found.plugged is True
    assert found.online_cores == 8
    assert found.capped == 0.75


def test_sensors_without_a_kind_all_count() -> None:
    lines = [line for line in PHONE.splitlines() if "/type:" not in line]
    assert parse_conditions(lines).temperature_c == 55.0


@pytest.mark.parametrize("lines", [[], ["/proc/loadavg:?"], ["garbage", ":", "a:b:c"]])
def test_what_a_device_does_not_say_is_empty(lines: list[str]) -> None:
    found = parse_conditions(lines)
    assert found == ConditionsRow(measured=found.measured)


@given(st.lists(st.text() | st.sampled_from(PHONE.splitlines())))
def test_nothing_that_is_said_is_an_error(lines: list[str]) -> None:
    assert isinstance(parse_conditions(lines), ConditionsRow)


@pytest.mark.parametrize(("text", "cores"), [("0-7", 8), ("0,2-3", 3), ("5", 1), ("", 0)])
def test_cores_are_counted(text: str, cores: int) -> None:
    assert count_cores(text) == cores


def test_this_machine_says_its_load_and_its_cores() -> None:
    found = read_conditions(TRANSPORTS.get("local")(Location()))
    assert found.load is not None
    assert found.load >= 0
    assert found.online_cores is not None


def test_rows_of_older_tables_are_read() -> None:
    old = b'{"row":"conditions","frequencies_mhz":[],"governors":[],"load":0.3,"measured":""}'
    row = ROWS.decode(Path("table"), 1, old)
    assert row == ConditionsRow(load=0.3)
    full = parse_conditions(PHONE.splitlines())
    assert ROWS.decode(Path("table"), 1, encode_row(full)) == full
