"""Operators that move elements, which Paddle-Lite 2.13 does not have or computes wrongly."""

from __future__ import annotations

from math import prod
from typing import Literal

import numpy as np

from edgeslim.paddle_io.block_edits import arguments, attribute
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import Formula, RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.absent import ABSENT_PLACES
from edgeslim.targets.paddings import PADDED_VALUES, PADDED_VOLUMES
from edgeslim.targets.places import BACKWARD_SLICES, ROLLS_OF_ALL

__all__ = ["REWRITE"]


def _slice_backwards(s: Sketch) -> str:
    """Slices by negative steps: the kernels start at the wrong end, or abort."""
    axes, steps = s.attribute("axes", ()), s.attribute("strides", ())
    x = s.x
    for axis, first, end, step in zip(
        axes, s.attribute("starts", ()), s.attribute("ends", ()), steps, strict=True
    ):
        extent = s.shape(x)[axis]
        x = s.select(x, range(extent)[slice(first, end, step)], axis)
    return s.reshape(x, s.shape(s.result()) or (1,))


def _expand(s: Sketch) -> str | None:
    """Expansion to the shape of another tensor, if it is known."""
    shape = s.shape(s.result())
    if not shape or min(shape) < 1:
        return None
    return s.write("expand_v2", {"X": s.x}, shape, shape=tuple(shape))


def _roll(s: Sketch) -> str:
    """Without an axis the flattened tensor is rolled; Paddle-Lite rolls the first axis."""
    shape, (shift,) = s.shape(s.x), s.attribute("shifts", ())
    row, size = s.reshape(s.x, [prod(shape)]), prod(shape)
    return s.reshape(s.select(row, np.roll(np.arange(size), shift).tolist(), 0), shape)


def _pad(s: Sketch) -> str | None:
    """Padding of volumes and sequences; that of images is left to the optimizer."""
    if len(s.shape(s.x)) != 5 or s.source("Paddings") or _is_image(s):
        return None
    sides, types = list(s.attribute("paddings", ())), framework().VarType
    x, element_type = s.x, s.element_type(s.x)
    if element_type != types.FP32:
        x = s.cast(x)
    for axis, (low, high) in zip((4, 3, 2), zip(sides[::2], sides[1::2], strict=True), strict=True):
        if low or high:
            x = _pad_axis(s, x, axis, (low, high))
    if element_type != types.FP32:
        return s.cast(x, element_type)
    return x if x != s.x else s.apply("assign", x)


def _is_image(s: Sketch) -> bool:
    """Whether an image was given a third axis for the padding alone."""
    maker = s.maker(s.x)
    if maker is None or maker.type != "unsqueeze2":
        return False
    (source,) = arguments(maker.inputs, "X")
    if any(list(s.attribute("paddings", ()))[4:]):
        return False
    if s.attribute("mode", "constant") not in {"constant", "reflect"} or s.attribute("value", 0.0):
        return False  # the optimizer's own padding of images ignores other modes and values
    return len(s.shape(source)) == 4 and list(attribute(maker, "axes", ())) in ([2], [-3])


def _pad_axis(s: Sketch, x: str, axis: int, sides: tuple[int, int]) -> str:
    mode, extent = s.attribute("mode", "constant"), s.shape(x)[axis]
    if mode != "constant":
        modes: dict[str, Literal["reflect", "edge", "wrap"]]
        modes = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
        return s.select(x, np.pad(np.arange(extent), sides, mode=modes[mode]).tolist(), axis)
    return s.pad(x, sides, axis, float(s.attribute("value", 0.0)))


def _fill(s: Sketch) -> str | None:
    """A constant where a mask is true, else the input."""
    x, mask, maker = s.source("x"), s.source("mask"), s.maker(s.source("value"))
    if maker is None or maker.type != "fill_constant" or s.shape(mask) != s.shape(x):
        return None
    value = float(attribute(maker, "str_value", "") or attribute(maker, "value", 0.0))
    shape = s.shape(x)
    return s.write("where", {"Condition": mask, "X": s.constant(value, shape), "Y": x}, shape)


def _identity_matrix(s: Sketch) -> str:
    rows, columns = s.shape(s.result())
    return s.apply("assign", s.parameter(np.eye(rows, columns)))


def _diagonal(s: Sketch) -> str:
    shape = s.shape(s.x)
    attributes = (int(s.attribute(name, 0)) for name in ("offset", "axis1", "axis2"))
    indices = np.arange(prod(shape)).reshape(shape).diagonal(*attributes)
    row = s.reshape(s.x, [prod(shape)])
    return s.reshape(s.select(row, indices.ravel().tolist(), 0), s.shape(s.result()))


def _cross(s: Sketch) -> str:
    shape, axis = s.shape(s.x), int(s.attribute("dim", 9))
    axis = shape.index(3) if axis == 9 else axis % len(shape)
    y = s.source("Y")
    first = s.binary("mul", s.select(s.x, [1, 2, 0], axis), s.select(y, [2, 0, 1], axis))
    second = s.binary("mul", s.select(s.x, [2, 0, 1], axis), s.select(y, [1, 2, 0], axis))
    return s.binary("sub", first, second)


def _kronecker(s: Sketch) -> str | None:
    """Every element of one matrix times the whole other matrix."""
    x, y = s.shape(s.x), s.shape(s.source("Y"))
    if len(x) != 2 or len(y) != 2:
        return None
    wide = [x[0], y[0], x[1], y[1]]
    left = s.expand(s.reshape(s.x, [x[0], 1, x[1], 1]), wide)
    right = s.expand(s.reshape(s.source("Y"), [1, y[0], 1, y[1]]), wide)
    return s.reshape(s.binary("mul", left, right), s.shape(s.result()))


_FORMULAS: dict[str, Formula] = {
    "cross": _cross,
    "diagonal": _diagonal,
    "expand_as_v2": _expand,
    "eye": _identity_matrix,
    "kron": _kronecker,
    "masked_fill": _fill,
    "pad3d": _pad,
    "roll": _roll,
    "strided_slice": _slice_backwards,
}

_LAWS = (ABSENT_PLACES, BACKWARD_SLICES, ROLLS_OF_ALL, PADDED_VALUES, PADDED_VOLUMES)

REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _FORMULAS, *_LAWS)
