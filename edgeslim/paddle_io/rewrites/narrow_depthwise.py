"""Narrow convolutions of single channels with padding behind alone, by the general kernel.

The one of Paddle-Lite 2.13 for pictures of at most eight columns is right where there is as much
padding before. One more behind makes no more windows where a side is even, and none reaches into
it where a side is odd; with two the general kernel is taken.
"""

from __future__ import annotations

from edgeslim.paddle_io.block_edits import set_attribute
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets.convolutions import NARROW_DEPTHWISE, sides_around

__all__ = ["REWRITE"]


def _apply(draft: Draft) -> None:
    view = BlockView(draft.block)
    for op in draft.block.ops:
        operator = view.operator(op)
        if not NARROW_DEPTHWISE.is_met_by(operator):
            continue
        draft.note(NARROW_DEPTHWISE, operator)
        height, width = operator.shape("Input")[2:]
        _, bottom, _, right = sides_around(operator)
        behind = [
            2 * side * (extent % 2 == 0) for side, extent in ((bottom, height), (right, width))
        ]
        set_attribute(op, "paddings", (0, behind[0], 0, behind[1]))
        set_attribute(op, "padding_algorithm", "EXPLICIT")


REWRITE = Rewrite(stage=Stage.OPERATORS, apply=_apply)
