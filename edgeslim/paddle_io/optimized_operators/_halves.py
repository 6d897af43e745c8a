"""Half-precision floats (halves) as Arm's kernels compute with them, held here as float32.

A half has 11 bits, and 65504 is the largest. Kernels multiply and add in one instruction that
rounds once, so that a sum of a thousand products is rounded a thousand times (Paddle-Lite,
``lite/backends/arm/math/fp16``: accumulators are always halves). Rounding a sum after each
term would take as many passes over its elements as it has terms. Here terms are summed exactly in
a few parts, and the total effect of the roundings within a part is drawn at random: each is an
error of up to half a unit in the last place. Sums of as few terms as there are parts are rounded
as on the device.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

__all__ = ["PARTS", "Array", "HalfSum", "parts_of", "round_steps", "to_half"]

Array = np.ndarray[Any, Any]

PARTS = 4
"""Number of parts of a sum: errors are within 6 % of those of sums term by term."""

_LEAST = np.float32(2.0**-14)
"""The smallest normal half; below it the distance of halves is constant."""

_EXPONENT = np.int32(0x7F800000)
"""The bits of a float's exponent: alone they are the power of two below its magnitude."""

_UNIT = np.float32(2.0**-10)
"""The last of 11 bits, relative to that power."""


def to_half(values: Array) -> Array:
    """The nearest halves, as float32; infinite beyond the largest."""
    with np.errstate(over="ignore"):
        return np.asarray(values).astype(np.float16).astype(np.float32)


def _power(floats: Array) -> Array:
    """The power of two below each magnitude, and at least that of the smallest halves."""
    return np.maximum((floats.view(np.int32) & _EXPONENT).view(np.float32), _LEAST)


def round_steps(values: Array, steps: float, draw: np.random.Generator) -> Array:
    """The values after a number of roundings of numbers of their size; 0 stays 0."""
    found = HalfSum(np.zeros((), np.float32), draw).add(values, steps).total
    return np.where(values == 0, np.float32(0), found)


def parts_of(terms: int) -> list[slice]:
    """The terms of a sum in at most `PARTS` parts."""
    count = min(terms, PARTS)
    bounds = [terms * number // count for number in range(count + 1)]
    return [slice(*pair) for pair in pairwise(bounds)]


_INVERSE_VARIANCE = 12.0 / float(_UNIT) ** 2
"""One over the variance of a uniform error of one unit, which is a twelfth of its square."""


class HalfSum:
    """A sum in halves, to which terms are added.

    Args:
        start: The value that the sum starts from, such as a bias.
        draw: The generator from which roundings are drawn.

    Attributes:
        total: The sum so far.
    """

    def __init__(self, start: Array, draw: np.random.Generator) -> None:
        self.total = to_half(start)
        self._draw = draw

    def add(self, part: Array, terms: float, *, lanes: int = 1) -> HalfSum:
        """Adds a part of the terms, and returns the sum.

        Args:
            part: The exact sum of these terms.
            terms: The number of these terms that are not 0, which rounds nothing.
            lanes: Number of parallel sums that are added at last; smaller sums lose less.
        """
        after = np.ascontiguousarray(self.total + part, np.float32)
        within = (terms - 1) / lanes
        if within > 0:
            squares = (_power(self.total) ** 2 + _power(after) ** 2) * np.float32(0.5)
            # A term below the last place is lost itself, and no more than that.
            size = float(np.mean(np.square(part))) / terms
            squares = np.minimum(squares, np.float32(min(_INVERSE_VARIANCE * size, 1e30)))
            lost = self._draw.random(after.shape, np.float32) - np.float32(0.5)
            after += lost * np.sqrt(squares * np.float32(within)) * _UNIT
        self.total = to_half(after)
        return self
