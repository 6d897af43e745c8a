"""Products with weights in the form whose weights may be stored as integers.

Where `opt` stores weights in 8 or 16 bits, it does so for those of ``matmul_v2`` too. The runtime
(2.13, ``lite/api/light_api.cc``) makes floats of them again for ``conv2d``, ``fc`` and ``mul``
alone. A ``mul`` computes the same, and `opt` makes an ``fc`` of it. What is turned, scaled, or has
its weights first or of other than two axes has no such form.
"""

from __future__ import annotations

from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.proto import add_attribute
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets import Operator
from edgeslim.targets.stored_weights import STORED_PRODUCTS

__all__ = ["REWRITE"]

_TRANSPOSED = ("trans_x", "trans_y", "transpose_X", "transpose_Y")


def _apply(draft: Draft) -> None:
    for block in draft.program.blocks:
        view = BlockView(block)
        for op in block.ops:
            operator = view.operator(op)
            if not STORED_PRODUCTS.is_met_by(operator) or not _is_plain(operator):
                continue
            draft.note(STORED_PRODUCTS, operator)
            op.type = "mul"
            del op.attrs[:]
            add_attribute(op, "x_num_col_dims", len(operator.shape("X")) - 1)
            add_attribute(op, "y_num_col_dims", 1)


def _is_plain(operator: Operator) -> bool:
    """Whether it is the product with a matrix of weights, and nothing else."""
    return (
        "X" not in operator.constants
        and len(operator.shape("Y")) == 2
        and not any(operator.attribute(name, False) for name in _TRANSPOSED)
        and operator.attribute("alpha", 1.0) == 1.0
    )


REWRITE = Rewrite(stage=Stage.OPERATORS, apply=_apply, precisions=STORED_PRODUCTS.precisions)
