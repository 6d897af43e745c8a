"""Pixels from as many places as the picture has, part by part of a grid.

The kernel of Paddle-Lite 2.13 for arm takes the sides of the picture for those of the grid
(``lite/kernels/arm/grid_sampler_compute.cc``). A longer grid is cut into parts, each of which is an
example with the same picture, and the last is filled up.
"""

from __future__ import annotations

from math import prod

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.sampling import GRIDS_OF_OTHER_SIZES

__all__ = ["REWRITE"]


def _in_parts(s: Sketch) -> str:
    grid = s.source("Grid")
    batch, channels, *sides = s.shape(s.x)
    pixels, wanted = prod(sides), s.shape(grid)[1:3]
    places = prod(wanted)
    parts = -(-places // pixels)
    row = s.reshape(grid, [batch, places, 2])
    if parts * pixels > places:
        rest = s.constant(0.0, [batch, parts * pixels - places, 2])
        row = s.concat([row, rest], 1)
    picture = s.x
    if parts > 1:
        picture = s.reshape(picture, [batch, 1, channels, pixels])
        picture = s.expand(picture, [batch, parts, channels, pixels])
        picture = s.reshape(picture, [batch * parts, channels, *sides])
    made = s.write(
        "grid_sampler",
        {"X": picture, "Grid": s.reshape(row, [batch * parts, *sides, 2])},
        [batch * parts, channels, *sides],
        output="Output",
        align_corners=bool(s.attribute("align_corners", True)),
        mode=str(s.attribute("mode", "bilinear")),
        padding_mode=str(s.attribute("padding_mode", "zeros")),
    )
    made = s.reshape(made, [batch, parts, channels, pixels])
    if parts > 1:
        made = s.transpose(made, [0, 2, 1, 3])
    made = s.reshape(made, [batch, channels, parts * pixels])
    return s.reshape(s.slice(made, 0, places, 2), [batch, channels, *wanted])


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _in_parts, GRIDS_OF_OTHER_SIZES)
