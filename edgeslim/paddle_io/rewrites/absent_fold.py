"""``fold``, which Paddle-Lite 2.13 has not, as a transposed convolution.

It adds the elements of each window where they came from: so does a transposed convolution with a
filter that has a 1 for each element of the window. Padding is cut off behind it, since what no
window covers is 0 and may lie there as well.
"""

from __future__ import annotations

from math import prod

import numpy as np

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.absent import ABSENT_FOLDS

__all__ = ["REWRITE"]


def _folded(s: Sketch) -> str | None:
    shape, made = s.shape(s.x), s.shape(s.result())
    if min(*shape, *made) < 1:
        return None
    batch, channels, *picture = made
    window, strides, dilations = (
        list(s.attribute(name, (1, 1))) for name in ("kernel_sizes", "strides", "dilations")
    )
    top, left, bottom, right = _sides(list(s.attribute("paddings", (0, 0))))
    places = [
        (extent + before + behind - dilation * (size - 1) - 1) // stride + 1
        for extent, before, behind, size, stride, dilation in zip(
            picture, (top, left), (bottom, right), window, strides, dilations, strict=True
        )
    ]
    whole = [
        (count - 1) * stride + dilation * (size - 1) + 1
        for count, stride, dilation, size in zip(places, strides, dilations, window, strict=True)
    ]
    ones = np.eye(prod(window)).reshape(prod(window), 1, *window)
    pictures = s.write(
        "conv2d_transpose",
        {
            "Input": s.reshape(s.x, [batch * channels, prod(window), *places]),
            "Filter": s.parameter(ones),
        },
        [batch * channels, 1, *whole],
        output="Output",
        strides=tuple(strides),
        paddings=(0, 0, 0, 0),
        dilations=tuple(dilations),
        groups=1,
        padding_algorithm="EXPLICIT",
        data_format="NCHW",
    )
    for axis, (before, extent) in enumerate(zip((top, left), picture, strict=True), start=2):
        pictures = _part(s, pictures, axis, before, extent)
    return s.reshape(pictures, made)


def _sides(paddings: list[int]) -> list[int]:
    return paddings * 2 if len(paddings) == 2 else paddings


def _part(s: Sketch, x: str, axis: int, first: int, extent: int) -> str:
    """So many rows or columns from one on; what is not there is 0."""
    shape = list(s.shape(x))
    end = min(first + extent, shape[axis])
    x = s.slice(x, first, end, axis)
    shape[axis] = first + extent - end
    if not shape[axis]:
        return x
    return s.concat([x, s.constant(0.0, shape)], axis)


REWRITE = rewrite_by_formula(RewriteStage.FORMULAS, _folded, ABSENT_FOLDS)
