"""``affine_grid``, which Paddle-Lite 2.13 has on arm alone, as a product of matrices."""

from __future__ import annotations

import numpy as np

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.absent import ABSENT_GRIDS

__all__ = ["REWRITE"]


def _grid(s: Sketch) -> str | None:
    """Every place of a picture or volume, from -1 to 1, times the matrix of its image."""
    theta, made = s.source("Theta"), s.shape(s.result())
    if min(*made, *s.shape(theta)) < 1:
        return None
    batch, *extents, axes = made
    lines = [_places(extent, s.attribute("align_corners", True)) for extent in extents]
    places = np.meshgrid(*lines, indexing="ij")
    rows = np.stack([*places[::-1], np.ones(extents)], -1).reshape(-1, axes + 1)
    product = s.write(
        "matmul_v2",
        {"X": s.parameter(rows), "Y": theta},
        [batch, len(rows), axes],
        trans_x=False,
        trans_y=True,
    )
    return s.reshape(product, made)


def _places(extent: int, at_corners: bool) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Middles of pixels along an axis, from -1 to 1 at the corners' middles or edges."""
    places = np.linspace(-1.0, 1.0, extent) if extent > 1 else np.zeros(1)
    return places if at_corners else places * (extent - 1) / extent


REWRITE = rewrite_by_formula(RewriteStage.FORMULAS, _grid, ABSENT_GRIDS)
