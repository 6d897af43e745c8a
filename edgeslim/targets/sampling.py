"""Sampling of images by a grid."""

from __future__ import annotations

from edgeslim.targets._law import EVERY_PRECISION, Law, Operator

__all__ = ["GRIDS_OF_OTHER_SIZES", "LAWS"]


def _has_grid_of_other_size(operator: Operator) -> bool:
    image, grid = operator.shape(), operator.shape("Grid")
    return len(image) == 4 and image[2:] != grid[1:3]


GRIDS_OF_OTHER_SIZES = Law(
    name="grids-of-other-sizes",
    operators=("grid_sampler",),
    condition="with a grid of another height or width than the image",
    meets=_has_grid_of_other_size,
    happens="as many positions are read and written as the image has pixels",
    precisions=EVERY_PRECISION,
    rewrite="grids-of-other-sizes",
    form="in parts as large as the image",
    source="lite/kernels/arm/grid_sampler_compute.cc",
)

LAWS = (GRIDS_OF_OTHER_SIZES,)
