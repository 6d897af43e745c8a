"""One row multiplied by a matrix that is computed, kept apart from the bias behind it.

``lite_fc_fuse_pass`` of Paddle-Lite 2.13 does not look whether the matrix is a parameter. On arm a
fully connected layer of one row transposes its weights before the network runs.
"""

from __future__ import annotations

from typing import Any

from edgeslim.paddle_io.block_edits import argument, barrier, insert_operators
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets.products import ROWS_BY_COMPUTED

__all__ = ["REWRITE"]


def _apply(draft: Draft) -> None:
    block = draft.block
    view = BlockView(block)
    made: set[str] = set()
    barriers: dict[int, Any] = {}
    for index, op in enumerate(block.ops):
        operator = view.operator(op)
        if ROWS_BY_COMPUTED.is_met_by(operator):
            made.add(operator.name)
            draft.note(ROWS_BY_COMPUTED, operator)
        slots = [slot for slot in ("X", "Y") if argument(op.inputs, slot) in made]
        if op.type == "elementwise_add" and slots:
            barriers[index] = barrier(block, op, slots[0])
    insert_operators(block, barriers)


REWRITE = Rewrite(stage=Stage.APART, apply=_apply)
