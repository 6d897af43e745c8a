"""Pictures resized to one row or column, as products with matrices.

Of one pixel there is no distance to the next. With corners kept, the kernel of Paddle-Lite 2.13 for
arm takes it for the picture's own and writes as many pixels as there were (``interpolate.cc``);
by the middles of pixels it takes the middle of the picture, where Paddle takes its first row.
"""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.rewrites.absent_resizing import resized_by_matrices
from edgeslim.targets.resizing import SINGLE_ROWS

__all__ = ["REWRITE"]

REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, resized_by_matrices, SINGLE_ROWS)
