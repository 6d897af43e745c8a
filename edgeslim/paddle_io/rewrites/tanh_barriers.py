"""A hyperbolic tangent behind a sum, difference or product, kept apart.

``lite_elementwise_activation_fuse_pass`` makes one operator of both, and its kernel for x86 in
Paddle-Lite 2.13 divides exponentials of twice the value: beyond 88 or so both are infinite and
the result is no number. The kernel of ``tanh`` by itself is right everywhere.
"""

from __future__ import annotations

from collections import Counter

from edgeslim.paddle_io.block_edits import argument, barrier, insert_operators, makers_of
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage

__all__ = ["REWRITE"]

_MERGED_WITH = {"elementwise_add", "elementwise_div", "elementwise_mul", "elementwise_sub"}


def _apply(draft: Draft) -> Counter[str]:
    block = draft.block
    makers = makers_of(block)
    barriers = {}
    for place, op in enumerate(block.ops):
        maker = makers.get(argument(op.inputs, "X")) if op.type == "tanh" else None
        if maker is not None and maker.type in _MERGED_WITH:
            barriers[place] = barrier(block, op, "X")
    insert_operators(block, barriers)
    what = "tanh kept apart from what is before it"
    return Counter({what: len(barriers)} if barriers else {})


REWRITE = Rewrite(stage=Stage.APART, apply=_apply)
