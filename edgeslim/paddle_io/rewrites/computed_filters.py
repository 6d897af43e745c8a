"""Convolutions with computed filters, as matrix products.

The kernels of Paddle-Lite 2.13 prepare a filter when a network runs for the first time, and use it
in all later runs.
"""

from __future__ import annotations

from math import prod

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.computed import COMPUTED_FILTERS
from edgeslim.targets.convolutions import dilations_of, sides_around

__all__ = ["REWRITE"]


def _convolve(s: Sketch) -> str:
    filters, wanted = s.source("Filter"), s.shape(s.result("Output"))
    count, width, *window = s.shape(filters)
    batch, groups = s.shape(s.x)[0], int(s.attribute("groups", 1))
    weights, pixels = width * prod(window), prod(wanted[2:])
    columns = _columns(s, window, wanted)
    if groups == 1:
        columns = s.reshape(columns, [batch, weights, pixels])
        product = s.matmul(s.reshape(filters, [count, weights]), columns, [batch, count, pixels])
    else:
        columns = s.reshape(columns, [batch, groups, weights, pixels])
        rows = s.reshape(filters, [1, groups, count // groups, weights])
        product = s.matmul(rows, columns, [batch, groups, count // groups, pixels])
    return s.reshape(product, wanted)


def _columns(s: Sketch, window: list[int], wanted: tuple[int, ...]) -> str:
    """The elements under the filter at each position; for 1x1 filters, the image itself."""
    batch, channels = s.shape(s.x)[:2]
    strides = [int(step) for step in s.attribute("strides", (1, 1))]
    sides = sides_around(s.operator)
    if window == [1, 1] and strides == [1, 1] and not any(sides):
        return s.x
    return s.write(
        "unfold",
        {"X": s.x},
        [batch, channels * prod(window), prod(wanted[2:])],
        output="Y",
        kernel_sizes=tuple(window),
        strides=tuple(strides),
        paddings=(sides[0], sides[2], sides[1], sides[3]),
        dilations=dilations_of(s.operator),
    )


# Before `equal_stacks`, which makes the batches of the products equal.
REWRITE = rewrite_by_formula(RewriteStage.FORMULAS, _convolve, COMPUTED_FILTERS)
