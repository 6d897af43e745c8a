"""What is finite, or a number at all, asked without comparing it.

Kernels of Paddle-Lite 2.13 for arm that compare are compiled as if there were neither infinity nor
NaN (``-ffast-math``, ``cmake/postproject.cmake``): what they say of NaN is their compiler's affair.
Sums and products are right all the same. So what is asked is turned into a number from one to two
where it holds and into NaN where it does not; as a whole number NaN is 0 on arm and the least one
on x86.
"""

from __future__ import annotations

from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.sketch import Sketch

__all__ = ["finite", "inverted", "number"]


def finite(s: Sketch, x: str) -> str:
    """Truth values: what is neither infinite nor NaN. Infinity less infinity is no number."""
    return _holds(s, s.scaled(s.both("sub", x, x), 1.0, 1.0))


def number(s: Sketch, x: str) -> str:
    """Truth values: what is not NaN. Of infinity the reciprocal is one."""
    square = s.scaled(s.both("mul", x, x), 1.0, 1.0)
    return _holds(s, s.scaled(s.apply("reciprocal", square), 0.5, 1.0))


def inverted(s: Sketch, truth: str) -> str:
    """The other truth values."""
    types = framework().VarType
    return s.write("logical_not", {"X": truth}, s.shape(truth), element_type=types.BOOL)


def _holds(s: Sketch, asked: str) -> str:
    whole = s.cast(s.cast(asked, framework().VarType.INT32))
    return s.compared("greater_than", whole, s.constant(0.5))
