"""Adaptive pooling by the general kernel, which is the one that looks at ``adaptive``.

The kernels of Paddle-Lite 2.13 for Arm are chosen by the size of a window and by strides, which
adaptive pooling has not: there ``ksize`` is how many windows there are. Strides that no special
kernel has leave it to the general one, which does not read them.
"""

from __future__ import annotations

from edgeslim.paddle_io.block_edits import set_attribute
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets.pools import ADAPTIVE_WINDOWS

__all__ = ["REWRITE"]

_SPECIAL_TO_NONE = (1, 2)


def _apply(draft: Draft) -> None:
    for block in draft.program.blocks:
        view = BlockView(block)
        for op in block.ops:
            operator = view.operator(op)
            if ADAPTIVE_WINDOWS.is_met_by(operator):
                draft.note(ADAPTIVE_WINDOWS, operator)
                set_attribute(op, "strides", _SPECIAL_TO_NONE)


REWRITE = Rewrite(stage=Stage.FORM, apply=_apply)
