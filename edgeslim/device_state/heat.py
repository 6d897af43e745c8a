"""Whether a device is too hot for valid latencies, and waiting until it is cool.

A phone lowers its frequencies when it is hot. Its latencies then depend on its housing more than
on the model.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from edgeslim.latency_rows import ConditionsRow

__all__ = ["Heat", "assess_heat", "wait_until_cool"]

_THROTTLED = 2
"""Android's thermal status "moderate", at which a phone begins to slow down."""
_HOT_C = 80.0
_HOT_BATTERY_C = 42.0
_CAPPED = 0.95
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 30.0
_NOTE_S = 60.0
_STATUSES = ("none", "light", "moderate", "severe", "critical", "emergency", "shutdown")


@dataclass(frozen=True, kw_only=True, slots=True)
class Heat:
    """The temperature of a device, judged.

    Args:
        is_hot: Whether it is too hot for valid latencies.
        text: Temperatures and the reasons, for people.
    """

    is_hot: bool
    text: str


def assess_heat(row: ConditionsRow, *, usual_cap: float = 1.0) -> Heat:
    """Judges from a device's state whether it is too hot.

    Args:
        row: State of the device.
        usual_cap: Share of its full frequency that it is held to on purpose, as by a lock of
            ours, which does not count as heat.
    """
    reasons = []
    if row.thermal_status is not None and row.thermal_status >= _THROTTLED:
        name = _STATUSES[min(row.thermal_status, len(_STATUSES) - 1)]
        reasons.append(f"thermal status {row.thermal_status} ({name})")
    if row.temperature_c is not None and row.temperature_c > _HOT_C:
        reasons.append(f"over {_HOT_C:g} C")
    if row.battery_c is not None and row.battery_c > _HOT_BATTERY_C:
        reasons.append(f"battery over {_HOT_BATTERY_C:g} C")
    if row.capped is not None and row.capped < _CAPPED * usual_cap:
        reasons.append(f"held to {row.capped:.0%} of its frequency")
    degrees = [
        f"{value:.0f} C{of}"
        for value, of in ((row.temperature_c, ""), (row.battery_c, " (battery)"))
        if value is not None
    ]
    if reasons:
        return Heat(is_hot=True, text=", ".join([*degrees, *reasons]))
    if not degrees and row.thermal_status is None and row.capped is None:
        return Heat(is_hot=False, text="no temperature is reported")
    knows = row.thermal_status is not None or row.capped is not None
    return Heat(is_hot=False, text=", ".join([*degrees, *(["not throttled"] if knows else [])]))


def wait_until_cool(
    read: Callable[[], ConditionsRow],
    *,
    patience_s: float,
    note: Callable[[str], None],
    usual_cap: float = 1.0,
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Waits until a device is cool; returns whether it is.

    Args:
        read: Reads the device's current state.
        patience_s: Seconds to wait at most.
        note: Called with a line at the beginning, each minute and at the end.
        usual_cap: Share of its full frequency that it is held to on purpose, see `assess_heat`.
        sleep: Sleeps for a number of seconds.
        clock: Returns a monotonic time in seconds.
    """
    start, noted, pause = clock(), 0.0, _FIRST_PAUSE_S
    waited = False
    while (found := assess_heat(read(), usual_cap=usual_cap)).is_hot:
        passed = clock() - start
        if passed >= patience_s:
            note(f"the device is still hot after {passed:.0f} s: {found.text}")
            return False
        if not waited or passed - noted >= _NOTE_S:
            note(f"the device is hot ({found.text}); waiting until it is cool")
            waited, noted = True, passed
        sleep(min(pause, patience_s - passed))
        pause = min(2 * pause, _LONGEST_PAUSE_S)
    if waited:
        note(f"the device is cool again after {clock() - start:.0f} s: {found.text}")
    return True
