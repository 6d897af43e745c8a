"""One row multiplied by a computed matrix, kept apart from the bias behind it.

``lite_fc_fuse_pass`` of Paddle-Lite 2.13 does not check whether the matrix is a parameter. On arm a
fully connected layer of one row transposes its weights before the network runs.
"""

from __future__ import annotations

from edgeslim.paddle_io.block_edits import argument
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Barriers, Rewrite, RewriteStage
from edgeslim.targets.products import ROWS_BY_COMPUTED

__all__ = ["REWRITE"]


def _keep_apart(draft: Draft) -> None:
    view, barriers = BlockView(draft.block), Barriers(draft)
    products: set[str] = set()
    for index, op in enumerate(draft.block.ops):
        if op.type in ROWS_BY_COMPUTED.operators:
            operator = view.operator(op)
            if ROWS_BY_COMPUTED.is_met_by(operator):
                products.add(operator.name)
                draft.note(ROWS_BY_COMPUTED, operator)
        slots = [slot for slot in ("X", "Y") if argument(op.inputs, slot) in products]
        if op.type == "elementwise_add" and slots:
            barriers.add(index, slots[0])
    barriers.insert()


REWRITE = Rewrite(stage=RewriteStage.APART, apply=_keep_apart)
