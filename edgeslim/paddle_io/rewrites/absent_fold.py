"""``fold``, which Paddle-Lite 2.13 does not have, as a transposed convolution.

It adds the elements of each window at the positions that they came from, as does a transposed
convolution with a filter that has a 1 for each element of the window. Padding is cut off
afterwards, and what no window covers is filled with 0.
"""

from __future__ import annotations

from math import prod

import numpy as np

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.absent import ABSENT_FOLDS

__all__ = ["REWRITE"]


def _fold(s: Sketch) -> str | None:
    shape, wanted = s.shape(s.x), s.shape(s.result())
    if min(*shape, *wanted) < 1:
        return None
    batch, channels, *extents = wanted
    window, strides, dilations = (
        list(s.attribute(name, (1, 1))) for name in ("kernel_sizes", "strides", "dilations")
    )
    top, left, bottom, right = _sides(list(s.attribute("paddings", (0, 0))))
    counts = [
        (extent + before + after - dilation * (size - 1) - 1) // stride + 1
        for extent, before, after, size, stride, dilation in zip(
            extents, (top, left), (bottom, right), window, strides, dilations, strict=True
        )
    ]
    covered = [
        (count - 1) * stride + dilation * (size - 1) + 1
        for count, stride, dilation, size in zip(counts, strides, dilations, window, strict=True)
    ]
    ones = np.eye(prod(window)).reshape(prod(window), 1, *window)
    images = s.write(
        "conv2d_transpose",
        {
            "Input": s.reshape(s.x, [batch * channels, prod(window), *counts]),
            "Filter": s.parameter(ones),
        },
        [batch * channels, 1, *covered],
        output="Output",
        strides=tuple(strides),
        paddings=(0, 0, 0, 0),
        dilations=tuple(dilations),
        groups=1,
        padding_algorithm="EXPLICIT",
        data_format="NCHW",
    )
    for axis, (before, extent) in enumerate(zip((top, left), extents, strict=True), start=2):
        images = _crop(s, images, axis, before, extent)
    return s.reshape(images, wanted)


def _sides(paddings: list[int]) -> list[int]:
    return paddings * 2 if len(paddings) == 2 else paddings


def _crop(s: Sketch, x: str, axis: int, first: int, extent: int) -> str:
    """A number of rows or columns from one on; those beyond the tensor are 0."""
    end = min(first + extent, s.shape(x)[axis])
    return s.pad(s.slice(x, first, end, axis), (0, first + extent - end), axis)


REWRITE = rewrite_by_formula(RewriteStage.FORMULAS, _fold, ABSENT_FOLDS)
