"""Positive numbers with their unit, as people write them: ``20ms``, ``64M``."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from edgeslim.errors import UsageError

__all__ = ["parse_with_unit"]

_FORM = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*([a-zµ]*)\s*", re.IGNORECASE)
_MICRO = {0xB5: "u", 0x3BC: "u"}
"""Both characters for micro: the unit's own sign and the Greek letter."""


def parse_with_unit(
    text: str,
    units: Mapping[str, float],
    *,
    what: str,
    examples: str,
    mend: str,
    known: Iterable[str] = (),
) -> float:
    """Parses a positive number with its unit.

    Args:
        text: The number and its unit, as they were typed.
        units: Factor of each unit, by its name in small letters.
        what: What it is, for errors: ``duration``.
        examples: How it is written.
        mend: How a number without a unit is written, which stands there as ``{}``.
        known: Units that the error names; by default all.

    Returns:
        The number times its unit's factor.

    Raises:
        UsageError: No number, no unit, an unknown unit, zero or less.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} is not a {what}; write it like {examples}")
    number, unit = float(match[1]), match[2].lower().translate(_MICRO)
    if not unit:
        raise UsageError(f"{text!r} has no unit; write {mend.format(match[1])}")
    if unit not in units:
        raise UsageError(f"{text!r} has an unknown unit; known: {', '.join(known or units)}")
    value = number * units[unit]
    if not (value > 0 and math.isfinite(value)):
        raise UsageError(f"{text!r} is not a {what} above zero")
    return value
