"""Elements taken and put along an axis, for which Paddle-Lite 2.13 has no operators.

Elements in a row have numbers, which are computed of those along the axis in floats: whole
numbers are exact there up to 2**24, and larger tensors are left alone.
"""

from __future__ import annotations

from math import prod

import numpy as np

from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import Formula, RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.absent import ABSENT_ALONG_AXES

__all__ = ["REWRITE"]

_EXACT = 1 << 24


def _taken(s: Sketch) -> str | None:
    places = _numbers(s)
    if places is None:
        return None
    row = s.reshape(s.x, [prod(s.shape(s.x))])
    taken = s.write(
        "index_select",
        {"X": row, "Index": places},
        s.shape(places),
        element_type=s.element_type(s.x),
        dim=0,
    )
    return s.reshape(taken, s.shape(s.result()))


def _put(s: Sketch) -> str | None:
    """Sums of what is put, or what is put where there is nothing that comes twice."""
    places, value, index = _numbers(s), s.source("Value"), s.source("Index")
    how = str(s.attribute("Reduce", "assign"))
    if places is None or not s.attribute("Include_self", True):
        return None
    if s.shape(value) != s.shape(index) or s.element_type(s.x) != framework().VarType.FP32:
        return None
    # Of fewer than two axes the operator ends the process.
    count, size = prod(s.shape(index)), prod(s.shape(s.x))
    row, wanted = s.reshape(s.x, [size, 1]), s.reshape(places, [count, 1])
    values = s.reshape(value, [count, 1])
    if how == "add":
        return s.reshape(_added(s, row, wanted, values), s.shape(s.x))
    axis = int(s.attribute("Axis", 0))
    if how != "assign" or s.shape(index)[axis] != 1:
        return None
    nothing, ones = s.constant(0.0, [size, 1]), s.constant(1.0, [count, 1])
    free = s.scale(_added(s, nothing, wanted, ones), -1.0, 1.0)
    kept = s.binary("mul", row, free)
    return s.reshape(s.binary("add", kept, _added(s, nothing, wanted, values)), s.shape(s.x))


def _added(s: Sketch, x: str, places: str, values: str) -> str:
    """Values added at places of a column."""
    return s.write("scatter_nd_add", {"X": x, "Index": places, "Updates": values}, s.shape(x))


def _numbers(s: Sketch) -> str | None:
    """Of the elements that are meant, among all in a row; None if there are too many."""
    index = s.source("Index")
    shape, wanted = s.shape(s.x), s.shape(index)
    if min(*shape, *wanted) < 1 or len(shape) != len(wanted) or prod(shape) > _EXACT:
        return None
    axis = int(s.attribute("Axis", 0)) % len(shape)
    apart = [prod(shape[place + 1 :]) for place in range(len(shape))]
    steps = np.indices(wanted)
    before = sum(steps[place] * apart[place] for place in range(len(shape)) if place != axis)
    along = s.cast(index)
    below = s.cast(s.compare("less_than", along, s.constant(0.0)))
    along = s.binary("add", along, s.scale(below, float(shape[axis])))
    numbers = s.scale(along, float(apart[axis]))
    if np.any(before):
        numbers = s.binary("add", numbers, s.parameter(np.asarray(before)))
    numbers = s.reshape(numbers, [prod(wanted)])
    return s.cast(numbers, framework().VarType.INT64)


_FORMULAS: dict[str, Formula] = {"put_along_axis": _put, "take_along_axis": _taken}

REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _FORMULAS, ABSENT_ALONG_AXES)
