"""16-bit floats as Arm's kernels compute in them: halves, held here as floats of 32 bits.

A half has 11 bits, and 65504 is the largest. Kernels multiply and add in one instruction that
rounds once, so that a sum of a thousand products is rounded a thousand times (Paddle-Lite,
``lite/backends/arm/math/fp16``: accumulators are halves everywhere). Rounding a sum after each
term would cost as many passes over its elements as it has terms. Here terms come in parts, added
up exactly; what the roundings within a part come to is drawn: each is off by up to half a unit in
the last place, either way. Sums of as few terms as there are parts are rounded as on the device.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

__all__ = ["PARTS", "Array", "HalfSum", "half", "parts_of", "rounded"]

Array = np.ndarray[Any, Any]

PARTS = 4
"""Into how many parts sums are cut: errors are within 6 % of those of sums term by term."""

_LEAST = np.float32(2.0**-14)
"""Below it halves are as far apart as there."""

_EXPONENT = np.int32(0x7F800000)
"""The bits of a float's exponent: alone they are the power of two below its magnitude."""

_UNIT = np.float32(2.0**-10)
"""What the last of 11 bits is worth beside that power."""


def half(values: Array) -> Array:
    """The nearest halves, as floats of 32 bits; infinite beyond the largest."""
    with np.errstate(over="ignore"):
        return np.asarray(values).astype(np.float16).astype(np.float32)


def _power(floats: Array) -> Array:
    """The power of two below each magnitude, and at least that of the smallest halves."""
    return np.maximum((floats.view(np.int32) & _EXPONENT).view(np.float32), _LEAST)


def rounded(values: Array, steps: float, draw: np.random.Generator) -> Array:
    """What comes of a formula that rounds so many times, each time numbers of this size."""
    found = HalfSum(np.zeros((), np.float32), draw).added(values, steps).total
    return np.where(values == 0, np.float32(0), found)


def parts_of(terms: int) -> list[slice]:
    """Terms in parts, as many as there may be."""
    count = min(terms, PARTS)
    bounds = [terms * number // count for number in range(count + 1)]
    return [slice(*each) for each in pairwise(bounds)]


_OF_UNIFORM = 12.0 / float(_UNIT) ** 2
"""A draw between two limits varies by a twelfth of the square of what is between them."""


class HalfSum:
    """A sum in halves, term after term.

    Args:
        start: What it starts with, such as a bias.
        draw: What roundings are drawn from.

    Attributes:
        total: The sum so far.
    """

    def __init__(self, start: Array, draw: np.random.Generator) -> None:
        self.total = half(start)
        self._draw = draw

    def added(self, part: Array, terms: float, *, lanes: int = 1) -> HalfSum:
        """Adds what so many terms come to.

        Args:
            part: Their sum, exact.
            terms: How many they are; those that are 0 round nothing and do not count.
            lanes: Sums beside each other that are added at last, which are smaller and lose less.
        """
        after = np.ascontiguousarray(self.total + part, np.float32)
        within = (terms - 1) / lanes
        if within > 0:
            squares = (_power(self.total) ** 2 + _power(after) ** 2) * np.float32(0.5)
            # What is below the last place is lost itself, and no more than that.
            size = float(np.mean(np.square(part))) / terms
            squares = np.minimum(squares, np.float32(min(_OF_UNIFORM * size, 1e30)))
            lost = self._draw.random(after.shape, np.float32) - np.float32(0.5)
            after += lost * np.sqrt(squares * np.float32(within)) * _UNIT
        self.total = half(after)
        return self
