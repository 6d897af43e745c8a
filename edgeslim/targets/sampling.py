"""Pixels from places that a grid says."""

from __future__ import annotations

from edgeslim.targets._law import EVERY_PRECISION, Law, Operator

__all__ = ["GRIDS_OF_OTHER_SIZES", "LAWS"]


def _is_grid_unlike_the_picture(operator: Operator) -> bool:
    picture, grid = operator.shape(), operator.shape("Grid")
    return len(picture) == 4 and picture[2:] != grid[1:3]


GRIDS_OF_OTHER_SIZES = Law(
    name="grids-of-other-sizes",
    operators=("grid_sampler",),
    condition="a grid with other sides than the picture",
    meets=_is_grid_unlike_the_picture,
    happens="as many places are read and written as the picture has pixels",
    precisions=EVERY_PRECISION,
    rewrite="grids-of-other-sizes",
    form="in parts as large as the picture",
    source="lite/kernels/arm/grid_sampler_compute.cc",
)

LAWS = (GRIDS_OF_OTHER_SIZES,)
