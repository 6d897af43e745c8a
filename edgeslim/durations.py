"""Durations with their unit (``20ms``, ``1.5s``; a bare number is refused), and times."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, timezone

from edgeslim.errors import UsageError
from edgeslim.units import parse_with_unit

__all__ = ["LatencyShare", "format_ms", "now", "parse_latency", "parse_ms", "parse_s"]

_UNIT_MS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "min": 60e3, "h": 3600e3}
_PERCENT = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*%\s*")


@dataclass(frozen=True, slots=True)
class LatencyShare:
    """A latency relative to another one, such as that of a model before it is pruned.

    Args:
        share: Share of the other latency; 0.75 is written ``75%``.
    """

    share: float

    def of(self, whole_ms: float) -> float:
        """The latency in milliseconds, to six digits, as commands repeat it.

        Args:
            whole_ms: The latency that it is relative to.
        """
        return float(f"{self.share * whole_ms:.6g}")

    def __str__(self) -> str:
        return f"{100 * self.share:g}%"


def parse_latency(text: str) -> float | LatencyShare:
    """Parses a latency in milliseconds, or one relative to another: ``75%`` of it, or ``-25%``.

    Raises:
        UsageError: As `parse_ms`, or nothing would be left.
    """
    match = _PERCENT.fullmatch(text)
    if match is None:
        return _parse_ms(text, (*_UNIT_MS, "%"))
    percent = float(match[1])
    left = 100 + percent if match[1].startswith("-") else percent
    if not (left > 0 and math.isfinite(left)):
        raise UsageError(
            f"{text!r} leaves nothing of a latency; write what may be left, such as 75%, or what "
            "goes, such as -25%"
        )
    return LatencyShare(left / 100)


def parse_ms(text: str) -> float:
    """Parses a positive duration, to milliseconds.

    Raises:
        UsageError: No number, no unit, an unknown unit, zero or less.
    """
    return _parse_ms(text, tuple(_UNIT_MS))


def _parse_ms(text: str, known_units: tuple[str, ...]) -> float:
    return parse_with_unit(
        text,
        _UNIT_MS,
        what="duration",
        examples="20ms or 1.5s",
        mend="{0}ms or {0}s",
        known=known_units,
    )


def parse_s(text: str) -> float:
    """Parses a positive duration, to seconds; see `parse_ms`."""
    return parse_ms(text) / 1e3


def format_ms(value_ms: float, *, round_up: bool = False) -> str:
    """Formats a latency with its unit, with three digits or more from a microsecond on.

    Args:
        value_ms: Latency to format, in milliseconds.
        round_up: Whether to round up, so that the text is a limit that can be met.
    """
    if abs(value_ms) >= 1000:
        value, unit, digits = value_ms / 1e3, "s", 2
    elif abs(value_ms) >= 1:
        value, unit, digits = value_ms, "ms", 2
    else:
        value, unit = value_ms * 1e3, "us"
        digits = 1 if abs(value) >= 10 else 2
    text = f"{value:.{digits}f} {unit}"
    if round_up and parse_ms(text) < value_ms:  # read again, since a unit's factor rounds too
        text = f"{value + 10**-digits:.{digits}f} {unit}"
    return text


def now() -> str:
    """The present time in UTC, to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
