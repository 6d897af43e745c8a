"""Counts as people write them: ``300M`` multiply-accumulates, ``4M`` bytes."""

from __future__ import annotations

import re

from edgeslim.errors import UsageError

__all__ = ["parse_count"]

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
