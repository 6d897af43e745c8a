"""Sampling by a grid of another size than the image, in parts of the image's size.

The kernel of Paddle-Lite 2.13 for arm takes the image's height and width for those of the grid
(``lite/kernels/arm/grid_sampler_compute.cc``). A larger grid is cut into parts, each of which
becomes an example with the same image; the last part is filled up with zeros.
"""

from __future__ import annotations

from math import prod

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.sampling import GRIDS_OF_OTHER_SIZES

__all__ = ["REWRITE"]


def _sample_in_parts(s: Sketch) -> str:
    grid = s.source("Grid")
    batch, channels, *sides = s.shape(s.x)
    pixels, wanted = prod(sides), s.shape(grid)[1:3]
    count = prod(wanted)
    parts = -(-count // pixels)
    row = s.pad(s.reshape(grid, [batch, count, 2]), (0, parts * pixels - count), 1)
    image = s.x
    if parts > 1:
        image = s.reshape(image, [batch, 1, channels, pixels])
        image = s.expand(image, [batch, parts, channels, pixels])
        image = s.reshape(image, [batch * parts, channels, *sides])
    samples = s.write(
        "grid_sampler",
        {"X": image, "Grid": s.reshape(row, [batch * parts, *sides, 2])},
        [batch * parts, channels, *sides],
        output="Output",
        align_corners=bool(s.attribute("align_corners", True)),
        mode=str(s.attribute("mode", "bilinear")),
        padding_mode=str(s.attribute("padding_mode", "zeros")),
    )
    samples = s.reshape(samples, [batch, parts, channels, pixels])
    if parts > 1:
        samples = s.transpose(samples, [0, 2, 1, 3])
    samples = s.reshape(samples, [batch, channels, parts * pixels])
    return s.reshape(s.slice(samples, 0, count, 2), [batch, channels, *wanted])


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _sample_in_parts, GRIDS_OF_OTHER_SIZES)
