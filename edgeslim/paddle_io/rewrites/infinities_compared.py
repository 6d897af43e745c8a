"""Floats that are equal or not, infinite ones included, and those that differ from themselves.

The kernels of Paddle-Lite 2.13 look whether the difference is near 0. That of an infinity and the
same one is no number, so that it is not found equal; so those above all numbers are looked for, and
those below. That of NaN and itself says nothing on arm, and is asked otherwise.
"""

from __future__ import annotations

from math import isfinite

import numpy as np

from edgeslim.paddle_io.block_edits import attribute
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._composing import rewritten
from edgeslim.paddle_io.rewrites._numbers import inverted, number
from edgeslim.paddle_io.rewrites._rewrite import Rewrite, Stage
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.elementwise import INFINITIES_COMPARED

__all__ = ["REWRITE"]

_LARGEST = float(np.finfo(np.float32).max)

_FINITE = {"cast", "clip", "hard_sigmoid", "relu6", "sigmoid", "softmax", "tanh"}
"""Kinds whose results are never infinite."""


def _compared(s: Sketch) -> str | None:
    x, y = s.x, s.source("Y")
    if s.element_type(x) != framework().VarType.FP32 or any(_is_finite(s, side) for side in (x, y)):
        return None
    if x != y:
        if int(s.attribute("axis", -1)) != -1 and s.shape(x) != s.shape(y):
            return None
        x, y = (s.expanded(each, s.shape(s.result())) for each in (x, y))
    same = number(s, x) if x == y else _same(s, x, y)
    return same if s.op.type == "equal" else inverted(s, same)


def _same(s: Sketch, x: str, y: str) -> str:
    """Truth values: near each other, or both above all numbers, or both below."""
    limit = s.constant(_LARGEST)
    same = _of_truth(s, "equal", x, y)
    for factor in (1.0, -1.0):
        sides = [each if factor > 0 else s.scaled(each, factor) for each in (x, y)]
        beyond = [s.compared("greater_than", each, limit) for each in sides]
        same = _of_truth(s, "logical_or", same, _of_truth(s, "logical_and", *beyond))
    return same


def _of_truth(s: Sketch, kind: str, x: str, y: str) -> str:
    if kind == "equal":
        return s.compared(kind, x, y)
    return s.write(kind, {"X": x, "Y": y}, s.shape(x), element_type=framework().VarType.BOOL)


def _is_finite(s: Sketch, name: str) -> bool:
    """Whether a tensor holds nothing infinite, as far as what makes it says."""
    maker = s.maker(name)
    if maker is None:
        value = s.value(name)
        return value is not None and bool(np.all(np.isfinite(value)))
    if maker.type == "fill_constant":
        return isfinite(float(attribute(maker, "value", 0.0)))
    if maker.type == "assign_value":
        return all(map(isfinite, attribute(maker, "fp32_values", ())))
    return maker.type in _FINITE


# When all others have written their comparisons.
REWRITE = Rewrite(
    stage=Stage.AXES,
    apply=rewritten(dict.fromkeys(INFINITIES_COMPARED.operators, _compared), INFINITIES_COMPARED),
)
