"""Whether a device is too hot, and waiting until it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from edgeslim.device_state.heat import Heat, assess_heat, wait_until_cool
from edgeslim.latency_rows import ConditionsRow

HOT = ConditionsRow(temperature_c=85.0)
COOL = ConditionsRow(temperature_c=41.4, capped=1.0)


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (COOL, Heat(is_hot=False, text="41 C, not throttled")),
        (ConditionsRow(), Heat(is_hot=False, text="no temperature is reported")),
        (ConditionsRow(temperature_c=60.0), Heat(is_hot=False, text="60 C")),
        (ConditionsRow(thermal_status=1), Heat(is_hot=False, text="not throttled")),
        (ConditionsRow(thermal_status=2), Heat(is_hot=True, text="thermal status 2 (moderate)")),
        (ConditionsRow(thermal_status=9), Heat(is_hot=True, text="thermal status 9 (shutdown)")),
        (HOT, Heat(is_hot=True, text="85 C, over 80 C")),
        (
            ConditionsRow(battery_c=43.5),
            Heat(is_hot=True, text="44 C (battery), battery over 42 C"),
        ),
        (
            ConditionsRow(temperature_c=70.0, capped=0.75),
            Heat(is_hot=True, text="70 C, held to 75% of its frequency"),
        ),
    ],
)
def test_what_is_hot(row: ConditionsRow, found: Heat) -> None:
    assert assess_heat(row) == found


def test_a_lock_of_ours_is_no_heat() -> None:
    assert not assess_heat(ConditionsRow(capped=0.5), usual_cap=0.5).is_hot
    assert assess_heat(ConditionsRow(capped=0.4), usual_cap=0.5).is_hot


@dataclass
class Device:
    """It is hot until a moment, and time passes by sleeping alone."""

    hot_until_s: float
    now_s: float = 100.0
    start_s: float = 100.0
    notes: list[str] = field(default_factory=list)

    def wait(self, patience_s: float) -> bool:
        return wait_until_cool(
            lambda: HOT if self.now_s - self.start_s < self.hot_until_s else COOL,
            patience_s=patience_s,
            note=self.notes.append,
            sleep=self._sleep(),
            clock=lambda: self.now_s,
        )

    def _sleep(self) -> Callable[[float], None]:
        def sleep(seconds: float) -> None:
            assert seconds > 0
            self.now_s += seconds

        return sleep


def test_a_cool_device_is_not_waited_for() -> None:
    device = Device(hot_until_s=0)
    assert device.wait(600)
    assert (device.now_s, device.notes) == (100.0, [])


def test_a_hot_device_is_waited_for() -> None:
    device = Device(hot_until_s=50)
    assert device.wait(600)
    assert device.notes == [
        "the device is hot (85 C, over 80 C); waiting until it is cool",
        "the device is cool again after 65 s: 41 C, not throttled",
    ]


def test_patience_ends() -> None:
    device = Device(hot_until_s=1e9)
    assert not device.wait(200)
    assert device.now_s == 300.0
    assert device.notes[-1] == "the device is still hot after 200 s: 85 C, over 80 C"
    assert len(device.notes) <= 5


def test_without_patience_it_is_asked_once() -> None:
    device = Device(hot_until_s=1e9)
    assert not device.wait(0)
    assert device.now_s == 100.0
