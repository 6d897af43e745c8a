"""Masks of the elements that are finite, or numbers at all, without comparing those.

Kernels of Paddle-Lite 2.13 for arm that compare are compiled as if there were neither infinity nor
NaN (``-ffast-math``, ``cmake/postproject.cmake``): their results for NaN depend on the compiler.
Sums and products are right all the same. So a condition is turned into a number from one to two
where it holds and into NaN where it does not; cast to an integer, NaN is 0 on arm and the lowest
integer on x86.
"""

from __future__ import annotations

from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.sketch import Sketch

__all__ = ["finite_mask", "number_mask"]


def finite_mask(s: Sketch, x: str) -> str:
    """Booleans: which elements are neither infinite nor NaN. Infinity minus infinity is NaN."""
    return _mask(s, s.scale(s.binary("sub", x, x), 1.0, 1.0))


def number_mask(s: Sketch, x: str) -> str:
    """Booleans: which elements are not NaN. The reciprocal of infinity is a number."""
    square = s.scale(s.binary("mul", x, x), 1.0, 1.0)
    return _mask(s, s.scale(s.apply("reciprocal", square), 0.5, 1.0))


def _mask(s: Sketch, condition: str) -> str:
    integer = s.cast(s.cast(condition, framework().VarType.INT32))
    return s.compare("greater_than", integer, s.constant(0.5))
