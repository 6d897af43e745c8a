"""Powers by one number as products, roots and reciprocals, or as those of two tensors.

The kernels for ``pow`` of Paddle-Lite 2.13 compute ``exp(factor * log(x))``. That for x86 gives
something else wherever ``x`` is negative (``lite/backends/x86/math/power.cc``), and so a LayerNorm
or a variance written by hand; in that for arm nought is no number, and threads share a pointer.
``elementwise_pow`` takes the power of each element by itself on both.
"""

from __future__ import annotations

from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.elementwise import POWERS

__all__ = ["REWRITE"]

_MOST = 64
"""Powers are written as products up to this."""

_ROOTS = {0.5: "sqrt", -0.5: "rsqrt"}


def _power(s: Sketch) -> str:
    if s.element_type(s.x) == framework().VarType.FP32:
        return _power_of(s, s.x)
    return s.cast(_power_of(s, s.cast(s.x)), s.element_type(s.result()))


def _power_of(s: Sketch, x: str) -> str:
    """That of floats."""
    if s.source("FactorTensor"):
        return s.binary("pow", x, s.source("FactorTensor"))
    factor = float(s.attribute("factor", 1.0))
    if factor in _ROOTS:
        return s.apply(_ROOTS[factor], x)
    if factor in (0.0, 1.0):
        return s.scale(x, factor, 1.0 - factor)
    whole, quarters = divmod(abs(factor) * 4, 4)
    if whole > _MOST or not quarters.is_integer():
        return s.binary("pow", x, s.constant(factor))
    parts = _roots(s, x, int(quarters))
    if whole:
        parts.insert(0, _product(s, x, int(whole)))
    made = parts[0]
    for part in parts[1:]:
        made = s.binary("mul", made, part)
    return made if factor > 0 else s.apply("reciprocal", made)


def _roots(s: Sketch, x: str, quarters: int) -> list[str]:
    """What makes a power of 0, 1/4, 1/2 or 3/4."""
    if not quarters:
        return []
    root = s.apply("sqrt", x)
    if quarters == 2:
        return [root]
    second = s.apply("sqrt", root)
    return [second] if quarters == 1 else [root, second]


def _product(s: Sketch, x: str, power: int) -> str:
    """A whole power, by squaring."""
    made = x
    for digit in f"{power:b}"[1:]:
        made = s.apply("square", made)
        if digit == "1":
            made = s.binary("mul", made, x)
    return made


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _power, POWERS)
