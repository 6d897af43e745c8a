"""Operators of whole numbers that Paddle-Lite has for floats only, computed in floats.

For reductions and limits of whole numbers it chooses the kernels for floats, which read the numbers
as floats; quotients of whole numbers are rounded towards 0, where Paddle rounds down. Floats are
exact up to 2**24.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from edgeslim.paddle_io.rewrites._rewrite import Formula, RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.elementwise import WHOLE_NUMBERS
from edgeslim.targets.reductions import reduced_axes

__all__ = ["REWRITE"]


def _in_floats(formula: Callable[[Sketch], str]) -> Formula:
    """A formula for whole numbers, by one that computes in floats."""
    return lambda s: s.cast(formula(s), s.element_type(s.result()))


def _clip(s: Sketch) -> str:
    limits = {name: float(s.attribute(name, 0.0)) for name in ("min", "max")}
    return s.apply("clip", s.cast(s.x), **limits)


def _reduction(kind: str) -> Formula:
    def formula(s: Sketch) -> str:
        axes, keep = reduced_axes(s.operator), bool(s.attribute("keep_dim", False))
        if kind != "mean":
            return s.reduce(kind, s.cast(s.x), axes, keep=keep)
        # One division: means of means need not be whole where the mean is.
        count = math.prod(s.shape(s.x)[axis] for axis in axes)
        return s.binary("div", s.reduce("sum", s.cast(s.x), axes, keep=keep), s.constant(count))

    return _in_floats(formula)


def _floor_divide(s: Sketch) -> str:
    axis = int(s.attribute("axis", -1))
    return s.apply("floor", s.binary("div", s.cast(s.x), s.cast(s.source("Y")), axis))


def _remainder(s: Sketch) -> str:
    axis = int(s.attribute("axis", -1))
    return s.binary(
        "sub", s.cast(s.x), s.binary("mul", _floor_divide(s), s.cast(s.source("Y")), axis)
    )


_FORMULAS: dict[str, Formula] = {
    "clip": _in_floats(_clip),
    "elementwise_floordiv": _in_floats(_floor_divide),
    "elementwise_mod": _in_floats(_remainder),
    **{f"reduce_{kind}": _reduction(kind) for kind in ("max", "mean", "min", "prod", "sum")},
}

REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _FORMULAS, WHOLE_NUMBERS)
