"""Counts as people write and read them: ``300M`` multiply-accumulates, ``1 operator``."""

from __future__ import annotations

import re

from edgeslim.errors import UsageError

__all__ = ["format_count", "parse_count"]

_UNITS = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}
_FORM = re.compile(r"\s*(\d+\.?\d*|\.\d+)\s*([kKMG]?)\s*")


def parse_count(text: str) -> int:
    """Parses a count of one or more, with or without a unit: k, M or G.

    Raises:
        UsageError: It is not such a count.
    """
    match = _FORM.fullmatch(text)
    count = 0 if match is None else round(float(match[1]) * _UNITS[match[2]])
    if count < 1:
        raise UsageError(f"{text!r} is not a count of one or more; write it like 4M or 300000")
    return count


def format_count(count: int, one: str, many: str = "") -> str:
    """Writes a number with what it counts, in the plural unless it is 1.

    Args:
        count: The number to be written.
        one: What it counts, as it stands behind 1: ``operator`` or ``operator is``.
        many: The same in the plural; by default with an s at the end.
    """
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
