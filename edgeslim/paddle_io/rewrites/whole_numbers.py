"""Operators that Paddle-Lite has for floats alone, given whole numbers.

Of sums, largest values and limits it picks the kernels for floats all the same, which read the
numbers as floats; of whole numbers divided by others it rounds towards nought, and Paddle down.
The way through floats is exact up to 2**24.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from edgeslim.paddle_io.rewrites._rewrite import Formula, RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.elementwise import WHOLE_NUMBERS
from edgeslim.targets.reductions import reduced_axes

__all__ = ["REWRITE"]


def _through_floats(compute: Callable[[Sketch], str]) -> Formula:
    """What a formula makes of floats, of whole numbers."""
    return lambda s: s.cast(compute(s), s.element_type(s.result()))


def _limited(s: Sketch) -> str:
    limits = {name: float(s.attribute(name, 0.0)) for name in ("min", "max")}
    return s.apply("clip", s.cast(s.x), **limits)


def _reduced(kind: str) -> Formula:
    def formula(s: Sketch) -> str:
        axes, keep = reduced_axes(s.operator), bool(s.attribute("keep_dim", False))
        if kind != "mean":
            return s.reduce(kind, s.cast(s.x), axes, keep=keep)
        # Means of means would not be whole where the mean is.
        count = math.prod(s.shape(s.x)[axis] for axis in axes)
        return s.binary("div", s.reduce("sum", s.cast(s.x), axes, keep=keep), s.constant(count))

    return _through_floats(formula)


def _quotient(s: Sketch) -> str:
    divided = s.binary("div", s.cast(s.x), s.cast(s.source("Y")), int(s.attribute("axis", -1)))
    return s.apply("floor", divided)


def _rest(s: Sketch) -> str:
    axis = int(s.attribute("axis", -1))
    return s.binary("sub", s.cast(s.x), s.binary("mul", _quotient(s), s.cast(s.source("Y")), axis))


_FORMULAS: dict[str, Formula] = {
    "clip": _through_floats(_limited),
    "elementwise_floordiv": _through_floats(_quotient),
    "elementwise_mod": _through_floats(_rest),
    **{f"reduce_{kind}": _reduced(kind) for kind in ("max", "mean", "min", "prod", "sum")},
}

REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _FORMULAS, WHOLE_NUMBERS)
