"""Powers with one number as the exponent, as products, roots and reciprocals, or by a tensor.

The kernels for ``pow`` of Paddle-Lite 2.13 compute ``exp(factor * log(x))``. The one for x86 is
wrong if ``x`` is negative (``lite/backends/x86/math/power.cc``), as in a LayerNorm or a variance
written by hand; the one for arm gives NaN for 0, and its threads share a pointer.
``elementwise_pow`` computes each power by itself on both.
"""

from __future__ import annotations

from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.elementwise import POWERS

__all__ = ["REWRITE"]

_LARGEST_PRODUCT = 64
"""The largest exponent that is written as products."""

_ROOTS = {0.5: "sqrt", -0.5: "rsqrt"}


def _power(s: Sketch) -> str:
    if s.element_type(s.x) == framework().VarType.FP32:
        return _power_of(s, s.x)
    return s.cast(_power_of(s, s.cast(s.x)), s.element_type(s.result()))


def _power_of(s: Sketch, x: str) -> str:
    """The power of floats."""
    if s.source("FactorTensor"):
        return s.binary("pow", x, s.source("FactorTensor"))
    factor = float(s.attribute("factor", 1.0))
    if factor in _ROOTS:
        return s.apply(_ROOTS[factor], x)
    if factor in (0.0, 1.0):
        return s.scale(x, factor, 1.0 - factor)
    whole, quarters = divmod(abs(factor) * 4, 4)
    if whole > _LARGEST_PRODUCT or not quarters.is_integer():
        return s.binary("pow", x, s.constant(factor))
    parts = _roots(s, x, int(quarters))
    if whole:
        parts.insert(0, _product(s, x, int(whole)))
    power = parts[0]
    for part in parts[1:]:
        power = s.binary("mul", power, part)
    return power if factor > 0 else s.apply("reciprocal", power)


def _roots(s: Sketch, x: str, quarters: int) -> list[str]:
    """The factors of a power of 0, 1/4, 1/2 or 3/4."""
    if not quarters:
        return []
    root = s.apply("sqrt", x)
    if quarters == 2:
        return [root]
    second = s.apply("sqrt", root)
    return [second] if quarters == 1 else [root, second]


def _product(s: Sketch, x: str, exponent: int) -> str:
    """A power with a whole exponent, by repeated squaring."""
    power = x
    for digit in f"{exponent:b}"[1:]:
        power = s.apply("square", power)
        if digit == "1":
            power = s.binary("mul", power, x)
    return power


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _power, POWERS)
