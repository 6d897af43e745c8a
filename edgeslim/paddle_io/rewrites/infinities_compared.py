"""Equality of floats, with infinities that equal themselves and NaN that does not.

The kernels of Paddle-Lite 2.13 check whether the difference is near 0. The difference of an
infinity and itself is NaN, so that they are not found equal; infinities of each sign are compared
separately. A comparison of NaN with itself is not reliable on arm, and is replaced by a mask.
"""

from __future__ import annotations

from math import isfinite

import numpy as np

from edgeslim.paddle_io.block_edits import attribute
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._masks import number_mask
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.elementwise import INFINITIES_COMPARED

__all__ = ["REWRITE"]

_LARGEST = float(np.finfo(np.float32).max)

_FINITE = {"cast", "clip", "hard_sigmoid", "relu6", "sigmoid", "softmax", "tanh"}
"""Kinds whose results are never infinite."""


def _compare(s: Sketch) -> str | None:
    x, y = s.x, s.source("Y")
    if s.element_type(x) != framework().VarType.FP32 or any(_is_finite(s, side) for side in (x, y)):
        return None
    if x != y:
        if int(s.attribute("axis", -1)) != -1 and s.shape(x) != s.shape(y):
            return None
        x, y = (s.expand(side, s.shape(s.result())) for side in (x, y))
    equal = number_mask(s, x) if x == y else _equal(s, x, y)
    return equal if s.op.type == "equal" else s.logical("logical_not", equal)


def _equal(s: Sketch, x: str, y: str) -> str:
    """Booleans: near each other, or both positive infinity, or both negative infinity."""
    limit = s.constant(_LARGEST)
    equal = s.compare("equal", x, y)
    for factor in (1.0, -1.0):
        sides = [side if factor > 0 else s.scale(side, factor) for side in (x, y)]
        first, second = (s.compare("greater_than", side, limit) for side in sides)
        equal = s.logical("logical_or", equal, s.logical("logical_and", first, second))
    return equal


def _is_finite(s: Sketch, name: str) -> bool:
    """Whether a tensor is known, by its maker, to have no infinite elements."""
    maker = s.maker(name)
    if maker is None:
        value = s.value(name)
        return value is not None and bool(np.all(np.isfinite(value)))
    if maker.type == "fill_constant":
        return isfinite(float(attribute(maker, "value", 0.0)))
    if maker.type == "assign_value":
        return all(map(isfinite, attribute(maker, "fp32_values", ())))
    return maker.type in _FINITE


# After the other rewrites, which write comparisons.
REWRITE = rewrite_by_formula(RewriteStage.AXES, _compare, INFINITIES_COMPARED)
