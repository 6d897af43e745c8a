"""Convolutions with filters that are computed, as products of matrices.

The kernels of Paddle-Lite 2.13 arrange a filter when a network runs for the first time, and use it
for all inputs that come.
"""

from __future__ import annotations

from math import prod

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.computed import COMPUTED_FILTERS
from edgeslim.window_sides import window_sides

__all__ = ["REWRITE"]


def _multiplied(s: Sketch) -> str:
    filters, made = s.source("Filter"), s.shape(s.result("Output"))
    count, width, *window = s.shape(filters)
    batch, groups = s.shape(s.x)[0], int(s.attribute("groups", 1))
    taps, places = width * prod(window), prod(made[2:])
    columns = _columns(s, window, made)
    if groups == 1:
        columns = s.reshape(columns, [batch, taps, places])
        product = s.matmul(s.reshape(filters, [count, taps]), columns, [batch, count, places])
    else:
        each = count // groups
        columns = s.reshape(columns, [batch, groups, taps, places])
        rows = s.reshape(filters, [1, groups, each, taps])
        product = s.matmul(rows, columns, [batch, groups, each, places])
    return s.reshape(product, made)


def _columns(s: Sketch, window: list[int], made: tuple[int, ...]) -> str:
    """What the taps read at each place; of one tap at each pixel, the picture itself."""
    batch, channels = s.shape(s.x)[:2]
    strides = [int(step) for step in s.attribute("strides", (1, 1))]
    dilations = [int(step) for step in s.attribute("dilations", (1, 1))]
    if s.attribute("padding_algorithm", "EXPLICIT") == "SAME":
        dilations = [1, 1]
    sides = window_sides(
        s.attribute("padding_algorithm", "EXPLICIT"),
        s.attribute("paddings", (0, 0)),
        s.shape(s.x)[2:],
        window,
        strides,
    )
    if window == [1, 1] and strides == [1, 1] and not any(sides):
        return s.x
    return s.write(
        "unfold",
        {"X": s.x},
        [batch, channels * prod(window), prod(made[2:])],
        output="Y",
        kernel_sizes=tuple(window),
        strides=tuple(strides),
        paddings=(sides[0], sides[2], sides[1], sides[3]),
        dilations=tuple(dilations),
    )


# Before the operators: their stacks of matrices are made equal there.
REWRITE = rewrite_by_formula(RewriteStage.FORMULAS, _multiplied, COMPUTED_FILTERS)
