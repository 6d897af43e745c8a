"""Sizes of memory and files with their unit: ``64M``, ``1.5G``, ``300kB``."""

from __future__ import annotations

from edgeslim.units import parse_with_unit

__all__ = ["COUNTED_MB", "MB_OF_KIB", "parse_bytes", "parse_kb", "parse_mb"]

MB_OF_KIB = 1024 / 1e6
"""Megabytes of a million bytes in one of the units that Linux gives sizes in, of 1,024 bytes."""
COUNTED_MB = 256 * MB_OF_KIB
"""Linux counts the memory of a process in batches, and may be off by so much."""

_DECIMAL = {"k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9}
_BYTES = _DECIMAL | {"kib": 2.0**10, "mib": 2.0**20, "gib": 2.0**30}


def parse_bytes(text: str) -> int:
    """Parses a positive size, to whole bytes; see `parse_mb`. A bare number is one of bytes."""
    if text.strip().isdecimal() and int(text) > 0:
        return int(text)
    return max(1, round(_parse_bytes(text)))


def parse_mb(text: str) -> float:
    """Parses a positive size, to megabytes of a million bytes.

    Raises:
        UsageError: No number, no unit, an unknown unit, or zero.
    """
    return _parse_bytes(text) / 1e6


def parse_kb(text: str) -> float:
    """Parses a positive size, to kilobytes of a thousand bytes; see `parse_mb`."""
    return _parse_bytes(text) / 1e3


def _parse_bytes(text: str) -> float:
    return parse_with_unit(
        text,
        _BYTES,
        what="size",
        examples="64M or 1.5G",
        mend="{}M for megabytes",
        known=("k", "M", "G", "KiB", "MiB", "GiB"),
    )
