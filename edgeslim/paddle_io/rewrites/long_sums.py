"""Convolutions and products that add up many products, as sums of several that add up fewer.

Arm's kernels of Paddle-Lite 2.13 copy at least twelve columns of a matrix to a buffer that is as
large as the processor's cache. Where a column is too long for that, they write over what lies
behind: the other matrix, or the columns that are to be copied next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from itertools import pairwise
from math import ceil, prod

from edgeslim.paddle_io.block_edits import attributes_of
from edgeslim.paddle_io.rewrites._deformable import convolve_deformably
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.scratch import LONG_SUMS, LONG_SUMS_INT8, longest_sum

__all__ = ["REWRITE"]


def _split_convolution(s: Sketch) -> str | None:
    filters, (_, channels, *window) = s.source("Filter"), s.shape(s.source("Filter"))
    most = longest_sum(s.operator) // prod(window)
    if most < 1 or s.attribute("groups", 1) != 1 or s.value(filters) is None:
        return None
    bounds, inputs = _bounds(channels, most), {"Bias": s.source("Bias")} if s.source("Bias") else {}
    shape, parts = s.shape(s.result("Output")), []
    for x, part in zip(_parts(s, s.x, 1, bounds), _parts(s, filters, 1, bounds), strict=True):
        slots = {"Input": x, "Filter": part, **inputs}
        parts.append(s.write("conv2d", slots, shape, output="Output", **attributes_of(s.op)))
        inputs = {}  # the bias is added once
    return _add_up(s, parts)


def _split_deformable(s: Sketch) -> str | None:
    filters = s.value(s.source("Filter"))
    groups = [s.attribute(name, 1) for name in ("groups", "deformable_groups")]
    if filters is None or groups != [1, 1]:
        return None
    outputs, channels, *window = filters.shape
    most = longest_sum(s.operator) // prod(window)
    if most < 1:
        return None
    bounds = _bounds(channels, most)
    moved = {"Offset": s.source("Offset"), "Mask": s.source("Mask")}
    pairs = zip(_parts(s, s.x, 1, bounds), _parts(s, s.source("Filter"), 1, bounds), strict=True)
    return _add_up(
        s,
        [
            convolve_deformably(s, {"Input": x, "Filter": part, **moved}, outputs)
            for x, part in pairs
        ],
    )


def _split_product(s: Sketch) -> str:
    turned_x, turned_y = (
        any(s.attribute(name, False) for name in names)
        for names in (("trans_x", "transpose_X"), ("trans_y", "transpose_Y"))
    )
    x, y, shape = s.x, s.source("Y"), s.shape(s.result())
    along_x, along_y = len(s.shape(x)) - 1 - turned_x, len(s.shape(y)) - 2 + turned_y
    bounds = _bounds(s.shape(x)[along_x], longest_sum(s.operator))
    pairs = zip(_parts(s, x, along_x, bounds), _parts(s, y, along_y, bounds), strict=True)
    attributes = attributes_of(s.op)
    return _add_up(s, [s.write(s.op.type, {"X": x, "Y": y}, shape, **attributes) for x, y in pairs])


def _split_flat_product(s: Sketch) -> str | None:
    """``mul``, which multiplies tensors as matrices."""
    x, y, shape = s.shape(s.x), s.shape(s.source("Y")), s.shape(s.result())
    split_x, split_y = s.attribute("x_num_col_dims", 1), s.attribute("y_num_col_dims", 1)
    rows, summands, columns = prod(x[:split_x]), prod(x[split_x:]), prod(y[split_y:])
    bounds, weights = _bounds(summands, longest_sum(s.operator)), s.value(s.source("Y"))
    if weights is None:
        return None
    matrix = s.parameter(weights.reshape(summands, columns))
    flat = s.reshape(s.x, (rows, summands)) if x != (rows, summands) else s.x
    pairs = zip(_parts(s, flat, 1, bounds), _parts(s, matrix, 0, bounds), strict=True)
    attributes = {**attributes_of(s.op), "x_num_col_dims": 1, "y_num_col_dims": 1}
    total = _add_up(
        s, [s.write("mul", {"X": x, "Y": y}, (rows, columns), **attributes) for x, y in pairs]
    )
    return s.reshape(total, shape) if shape != (rows, columns) else total


def _bounds(extent: int, most: int) -> list[int]:
    """Where an axis is cut into parts of about the same extent, none above a limit."""
    count = ceil(extent / most)
    return [extent * index // count for index in range(count + 1)]


def _parts(s: Sketch, x: str, axis: int, bounds: Sequence[int]) -> list[str]:
    """A tensor's parts along an axis; those of a parameter are parameters."""
    value = s.value(x)
    if value is None:
        return [s.slice(x, start, end, axis) for start, end in pairwise(bounds)]
    return [s.parameter(value.take(range(start, end), axis)) for start, end in pairwise(bounds)]


def _add_up(s: Sketch, parts: Sequence[str]) -> str:
    return reduce(lambda total, part: s.binary("add", total, part), parts)


_SPLIT = rewrite_by_formula(
    RewriteStage.AXES,
    {
        "conv2d": _split_convolution,
        "deformable_conv": _split_deformable,
        "matmul": _split_product,
        "matmul_v2": _split_product,
        "mul": _split_flat_product,
    },
    LONG_SUMS,
)

REWRITE = replace(_SPLIT, again=LONG_SUMS_INT8.precisions)
"""Again for quantized models, of which the same convolutions and products are put in floats."""
