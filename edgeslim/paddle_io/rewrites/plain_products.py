"""Products with weights in the form whose weights may be stored as integers.

Where `opt` stores weights in 8 or 16 bits, it does so for those of ``matmul_v2`` too. The runtime
(2.13, ``lite/api/light_api.cc``) converts them back to floats for ``conv2d``, ``fc`` and ``mul``
only. ``mul`` computes the same, and `opt` makes an ``fc`` of it. There is no such form for a
product that is transposed or scaled, or whose weights come first or have not two axes.
"""

from __future__ import annotations

from edgeslim.paddle_io.proto import add_attribute
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_in_place
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets import Operator
from edgeslim.targets.stored_weights import STORED_PRODUCTS

__all__ = ["REWRITE"]

_TRANSPOSED = ("trans_x", "trans_y", "transpose_X", "transpose_Y")


def _write_as_mul(s: Sketch) -> bool:
    if not _is_plain(s.operator):
        return False
    s.op.type = "mul"
    del s.op.attrs[:]
    add_attribute(s.op, "x_num_col_dims", len(s.shape(s.x)) - 1)
    add_attribute(s.op, "y_num_col_dims", 1)
    return True


def _is_plain(operator: Operator) -> bool:
    """Whether it is the product with a matrix of weights, and nothing else."""
    return (
        "X" not in operator.constants
        and len(operator.shape("Y")) == 2
        and not any(operator.attribute(name, False) for name in _TRANSPOSED)
        and operator.attribute("alpha", 1.0) == 1.0
    )


REWRITE = rewrite_in_place(
    RewriteStage.OPERATORS, _write_as_mul, STORED_PRODUCTS, precisions=STORED_PRODUCTS.precisions
)
