"""One row by a wide matrix, as the transposed matrix by one column.

Arm's kernels of Paddle-Lite 2.13 compute a row by a matrix in the same way, but put a bias for each
column on the stack before, also where there is none.
"""

from __future__ import annotations

from edgeslim.paddle_io.block_edits import attributes_of
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.scratch import WIDE_ROWS

__all__ = ["REWRITE"]

_TRANSPOSES = {"matmul": ("transpose_X", "transpose_Y"), "matmul_v2": ("trans_x", "trans_y")}


def _multiply_by_a_column(s: Sketch) -> str:
    of_x, of_y = _TRANSPOSES[s.op.type]
    turned = {
        of_x: not s.attribute(of_y, False),
        of_y: not s.attribute(of_x, False),
    }
    y = s.source("Y")
    columns = s.shape(y)[-2 if s.attribute(of_y, False) else -1]
    batch = max(s.shape(s.x)[:-2], s.shape(y)[:-2], key=len)
    inputs = {"X": y, "Y": s.x}
    attributes = {**attributes_of(s.op), **turned}
    product = s.write(s.op.type, inputs, (*batch, columns, 1), **attributes)
    return s.reshape(product, (*batch, 1, columns))


REWRITE = rewrite_by_formula(RewriteStage.AXES, _multiply_by_a_column, WIDE_ROWS)
