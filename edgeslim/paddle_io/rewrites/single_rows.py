"""Pictures resized to one row or column, as products with matrices.

Of one pixel there is no distance to the next. With corners kept, the kernel of Paddle-Lite 2.13 for
arm takes it for the picture's own and writes as many pixels as there were (``interpolate.cc``);
by the middles of pixels it takes the middle of the picture, where Paddle takes its first row.
"""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._composing import rewritten
from edgeslim.paddle_io.rewrites._rewrite import Rewrite, Stage
from edgeslim.paddle_io.rewrites.absent_resizing import resized_by_matrices
from edgeslim.targets.resizing import SINGLE_ROWS

__all__ = ["REWRITE"]

REWRITE = Rewrite(
    stage=Stage.OPERATORS,
    apply=rewritten(dict.fromkeys(SINGLE_ROWS.operators, resized_by_matrices), SINGLE_ROWS),
)
