"""Images resized to one row or column, as products with matrices.

A single pixel has no distance to the next. With ``align_corners``, the kernel of Paddle-Lite 2.13
for arm takes the input's own distance and writes as many pixels as the input has
(``interpolate.cc``); by the centres of pixels it reads the centre of the image, where Paddle reads
its first row.
"""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.rewrites.absent_resizing import resize_by_matrices
from edgeslim.targets.resizing import SINGLE_ROWS

__all__ = ["REWRITE"]

REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, resize_by_matrices, SINGLE_ROWS)
