"""Whether a device is too hot to be believed, and waiting until it is not.

A phone lowers its frequencies when it is hot. What it then takes says more of its housing
than of the model.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from edgeslim.latency_rows import ConditionsRow

__all__ = ["Heat", "heat", "wait_until_cool"]

_THROTTLED = 2
"""Android's "moderate": it has begun to slow down."""
_HOT_C = 80.0
_HOT_BATTERY_C = 42.0
_CAPPED = 0.95
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 30.0
_NOTE_S = 60.0
_STATUSES = ("none", "light", "moderate", "severe", "critical", "emergency", "shutdown")


@dataclass(frozen=True, kw_only=True, slots=True)
class Heat:
    """How a device's temperature is.

    Args:
        hot: Whether it is too hot for latencies to be believed.
        text: What it is, for people.
    """

    hot: bool
    text: str


def heat(row: ConditionsRow, *, usual_cap: float = 1.0) -> Heat:
    """What a device's state says of its temperature.

    Args:
        row: The state.
        usual_cap: The share of its full frequency that it is held to on purpose: a lock of
            ours is no heat.
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
        return Heat(hot=True, text=", ".join([*degrees, *reasons]))
    if not degrees and row.thermal_status is None and row.capped is None:
        return Heat(hot=False, text="nothing is said of temperature")
    knows = row.thermal_status is not None or row.capped is not None
    return Heat(hot=False, text=", ".join([*degrees, *(["not throttled"] if knows else [])]))


def wait_until_cool(
    read: Callable[[], ConditionsRow],
    *,
    patience_s: float,
    note: Callable[[str], None],
    usual_cap: float = 1.0,
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Waits until a device is cool; whether it is.

    Args:
        read: The device's state now.
        patience_s: How long to wait at most.
        note: Is told at the beginning, each minute and at the end.
        usual_cap: As of `heat`.
        sleep: Lets time pass.
        clock: Tells the time.
    """
    start, told, pause = clock(), 0.0, _FIRST_PAUSE_S
    waited = False
    while (found := heat(read(), usual_cap=usual_cap)).hot:
        passed = clock() - start
        if passed >= patience_s:
            note(f"the device is still hot after {passed:.0f} s: {found.text}")
            return False
        if not waited or passed - told >= _NOTE_S:
            note(f"the device is hot ({found.text}); waiting until it is cool")
            waited, told = True, passed
        sleep(min(pause, patience_s - passed))
        pause = min(2 * pause, _LONGEST_PAUSE_S)
    if waited:
        note(f"the device is cool again after {clock() - start:.0f} s: {found.text}")
    return True
