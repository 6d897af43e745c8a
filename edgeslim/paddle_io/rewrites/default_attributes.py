"""Attributes that Paddle leaves out and Paddle-Lite reads all the same.

It aborts or crashes without them.
"""

from __future__ import annotations

from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.proto import add_attribute
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets.forms import ATTRIBUTES_LEFT_OUT, DEFAULTS

__all__ = ["REWRITE"]


def _apply(draft: Draft) -> None:
    for block in draft.program.blocks:
        view = BlockView(block)
        for op in block.ops:
            if op.type not in DEFAULTS:
                continue
            operator = view.operator(op)
            if ATTRIBUTES_LEFT_OUT.is_met_by(operator):
                draft.note(ATTRIBUTES_LEFT_OUT, operator)
            for name, value in DEFAULTS[op.type].items():
                if name not in operator.attributes:
                    add_attribute(op, name, value)


REWRITE = Rewrite(stage=Stage.FORM, apply=_apply)
