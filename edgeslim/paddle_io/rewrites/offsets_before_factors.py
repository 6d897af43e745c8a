"""``factor * (x + offset)`` written as ``factor * x + factor * offset``.

``lite_conv_scale_fuse_pass`` of Paddle-Lite 2.13 takes either for ``factor * x + offset``
(``conv_scale_fuser.cc`` does not read ``bias_after_scale``).
"""

from __future__ import annotations

from edgeslim.paddle_io.block_edits import set_attribute
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets.optimizer import OFFSETS_BEFORE_FACTORS

__all__ = ["REWRITE"]


def _put_factors_first(draft: Draft) -> None:
    for block in draft.program.blocks:
        view = BlockView(block)
        for op in block.ops:
            operator = view.operator(op)
            if not OFFSETS_BEFORE_FACTORS.is_met_by(operator):
                continue
            draft.note(OFFSETS_BEFORE_FACTORS, operator)
            offset = float(operator.attribute("bias", 0.0)) * float(
                operator.attribute("scale", 1.0)
            )
            set_attribute(op, "bias", offset)
            set_attribute(op, "bias_after_scale", True)


REWRITE = Rewrite(stage=Stage.OPERATORS, apply=_put_factors_first)
