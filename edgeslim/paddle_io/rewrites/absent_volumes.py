"""Convolutions of volumes, which Paddle-Lite 2.13 does not have, as convolutions of images.

The slices of a volume that a window covers become channels of one image, one after the other for
each channel, in the filter's order; each depth of the result is then an image.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.absent import ABSENT_VOLUMES
from edgeslim.targets.convolutions import dilations_of, sides_around

__all__ = ["REWRITE"]


def _convolve(s: Sketch) -> str | None:
    filters, is_last = s.value(s.source("Filter")), s.attribute("data_format", "") == "NDHWC"
    shape, wanted = s.shape(s.x), s.shape(s.result())
    if filters is None or min(*shape, *wanted) < 1 or is_last:
        return None
    batch, channels, _, *image = shape
    sides, dilations = sides_around(s.operator), dilations_of(s.operator)
    depth, window, stride = wanted[2], filters.shape[2], int(s.attribute("strides", (1, 1, 1))[0])
    slices = [
        start * stride + step * dilations[0] for start in range(depth) for step in range(window)
    ]
    stacked = _select_slices(s, sides[:2], slices)
    pixels = image[0] * image[1]
    transposed = s.transpose(
        s.reshape(stacked, [batch, channels, depth, window, pixels]), [0, 2, 1, 3, 4]
    )
    images = s.reshape(transposed, [batch * depth, channels * window, *image])
    flat = filters.reshape(len(filters), -1, *filters.shape[3:])
    convolved = s.write(
        "conv2d",
        {"Input": images, "Filter": s.parameter(flat)},
        [batch * depth, wanted[1], *wanted[3:]],
        output="Output",
        strides=tuple(s.attribute("strides", (1, 1, 1)))[1:],
        paddings=sides[2:],
        dilations=dilations[1:],
        groups=int(s.attribute("groups", 1)),
        padding_algorithm="EXPLICIT",
        data_format="NCHW",
    )
    rows = s.reshape(convolved, [batch, depth, wanted[1], wanted[3] * wanted[4]])
    return s.reshape(s.transpose(rows, [0, 2, 1, 3]), wanted)


def _select_slices(s: Sketch, sides: Sequence[int], indices: list[int]) -> str:
    """Slices of the padded volume by their indices, each image as one row."""
    batch, channels, extent, *image = s.shape(s.x)
    x = s.reshape(s.x, [batch, channels, extent, image[0] * image[1]])
    x = s.pad(x, sides, 2)
    return x if indices == list(range(s.shape(x)[2])) else s.select(x, indices, 2)


REWRITE = rewrite_by_formula(RewriteStage.FORMULAS, _convolve, ABSENT_VOLUMES)
