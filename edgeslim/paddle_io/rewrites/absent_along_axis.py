"""``take_along_axis`` and ``put_along_axis``, which Paddle-Lite 2.13 does not have.

Indices along the axis become indices into the flattened tensor. They are computed in floats, which
hold integers up to 2**24 exactly; larger tensors are left alone.
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


def _take(s: Sketch) -> str | None:
    indices = _flat_indices(s)
    if indices is None:
        return None
    row = s.reshape(s.x, [prod(s.shape(s.x))])
    elements = s.write(
        "index_select",
        {"X": row, "Index": indices},
        s.shape(indices),
        element_type=s.element_type(s.x),
        dim=0,
    )
    return s.reshape(elements, s.shape(s.result()))


def _put(s: Sketch) -> str | None:
    """Values are added; they replace others only if no index can come twice."""
    indices, value, index = _flat_indices(s), s.source("Value"), s.source("Index")
    reduction = str(s.attribute("Reduce", "assign"))
    if indices is None or not s.attribute("Include_self", True):
        return None
    if s.shape(value) != s.shape(index) or s.element_type(s.x) != framework().VarType.FP32:
        return None
    # The operator ends the process for tensors of fewer than two axes.
    count, size = prod(s.shape(index)), prod(s.shape(s.x))
    column, rows = s.reshape(s.x, [size, 1]), s.reshape(indices, [count, 1])
    values = s.reshape(value, [count, 1])
    if reduction == "add":
        return s.reshape(_scatter_add(s, column, rows, values), s.shape(s.x))
    axis = int(s.attribute("Axis", 0))
    if reduction != "assign" or s.shape(index)[axis] != 1:
        return None
    zeros, ones = s.constant(0.0, [size, 1]), s.constant(1.0, [count, 1])
    is_kept = s.scale(_scatter_add(s, zeros, rows, ones), -1.0, 1.0)
    kept = s.binary("mul", column, is_kept)
    return s.reshape(s.binary("add", kept, _scatter_add(s, zeros, rows, values)), s.shape(s.x))


def _scatter_add(s: Sketch, x: str, rows: str, values: str) -> str:
    """A column to which values are added in some rows."""
    return s.write("scatter_nd_add", {"X": x, "Index": rows, "Updates": values}, s.shape(x))


def _flat_indices(s: Sketch) -> str | None:
    """Indices into the flattened tensor; None if it is too large."""
    index = s.source("Index")
    shape, wanted = s.shape(s.x), s.shape(index)
    if min(*shape, *wanted) < 1 or len(shape) != len(wanted) or prod(shape) > _EXACT:
        return None
    axis = int(s.attribute("Axis", 0)) % len(shape)
    strides = [prod(shape[other + 1 :]) for other in range(len(shape))]
    grid = np.indices(wanted)
    offsets = sum(grid[other] * strides[other] for other in range(len(shape)) if other != axis)
    along = s.cast(index)
    is_negative = s.cast(s.compare("less_than", along, s.constant(0.0)))
    along = s.binary("add", along, s.scale(is_negative, float(shape[axis])))
    indices = s.scale(along, float(strides[axis]))
    if np.any(offsets):
        indices = s.binary("add", indices, s.parameter(np.asarray(offsets)))
    indices = s.reshape(indices, [prod(wanted)])
    return s.cast(indices, framework().VarType.INT64)


_FORMULAS: dict[str, Formula] = {"put_along_axis": _put, "take_along_axis": _take}

REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _FORMULAS, ABSENT_ALONG_AXES)
