"""``affine_grid``, which Paddle-Lite 2.13 has on arm only, as a matrix product."""

from __future__ import annotations

import numpy as np

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.absent import ABSENT_GRIDS

__all__ = ["REWRITE"]


def _grid(s: Sketch) -> str | None:
    """Every position of an image or volume, from -1 to 1, times the affine matrix."""
    theta, shape = s.source("Theta"), s.shape(s.result())
    if min(*shape, *s.shape(theta)) < 1:
        return None
    batch, *extents, axes = shape
    lines = [_positions(extent, s.attribute("align_corners", True)) for extent in extents]
    positions = np.meshgrid(*lines, indexing="ij")
    rows = np.stack([*positions[::-1], np.ones(extents)], -1).reshape(-1, axes + 1)
    product = s.write(
        "matmul_v2",
        {"X": s.parameter(rows), "Y": theta},
        [batch, len(rows), axes],
        trans_x=False,
        trans_y=True,
    )
    return s.reshape(product, shape)


def _positions(extent: int, align_corners: bool) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Centres of pixels along an axis; -1 and 1 are the centres or the edges of the outer ones."""
    positions = np.linspace(-1.0, 1.0, extent) if extent > 1 else np.zeros(1)
    return positions if align_corners else positions * (extent - 1) / extent


REWRITE = rewrite_by_formula(RewriteStage.FORMULAS, _grid, ABSENT_GRIDS)
