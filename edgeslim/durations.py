"""Durations with their unit: ``20ms``, ``1.5s``, ``2min``. A bare number is refused."""

from __future__ import annotations

import math
import re

from edgeslim.errors import UsageError

__all__ = ["format_ms", "parse_ms", "parse_s"]

_UNIT_MS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "min": 60e3, "h": 3600e3}
_MICRO = {0xB5: "u", 0x3BC: "u"}
"""Both signs that are written for micro: the unit's own and the Greek letter."""
_FORM = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*([a-zµ]*)\s*", re.IGNORECASE)


def parse_ms(text: str) -> float:
    """A positive duration in milliseconds.

    Raises:
        UsageError: No number, no unit, an unknown unit, zero or less.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} is not a duration; write it like 20ms or 1.5s")
    number, unit = float(match[1]), match[2].lower().translate(_MICRO)
    if not unit:
        raise UsageError(f"{text!r} has no unit; write {match[1]}ms or {match[1]}s")
    if unit not in _UNIT_MS:
        raise UsageError(f"{text!r} has an unknown unit; known: {', '.join(_UNIT_MS)}")
    value = number * _UNIT_MS[unit]
    if not (value > 0 and math.isfinite(value)):
        raise UsageError(f"{text!r} is not a duration above zero")
    return value


def parse_s(text: str) -> float:
    """A positive duration in seconds; see `parse_ms`."""
    return parse_ms(text) / 1e3


def format_ms(value_ms: float) -> str:
    """A latency for a person, with its unit: three digits or more from a microsecond on."""
    if abs(value_ms) >= 1000:
        return f"{value_ms / 1e3:.2f} s"
    if abs(value_ms) >= 1:
        return f"{value_ms:.2f} ms"
    value_us = value_ms * 1e3
    return f"{value_us:.1f} us" if abs(value_us) >= 10 else f"{value_us:.2f} us"
