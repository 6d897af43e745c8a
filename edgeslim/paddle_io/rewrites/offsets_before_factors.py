"""``factor * (x + offset)`` written as ``factor * x + factor * offset``.

``lite_conv_scale_fuse_pass`` of Paddle-Lite 2.13 takes either for ``factor * x + offset``
(``conv_scale_fuser.cc`` does not read ``bias_after_scale``).
"""

from __future__ import annotations

from collections import Counter

from edgeslim.paddle_io.block_edits import attribute, set_attribute
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage

__all__ = ["REWRITE"]


def _put_factors_first(draft: Draft) -> Counter[str]:
    done: Counter[str] = Counter()
    for block in draft.program.blocks:
        for op in block.ops:
            if op.type != "scale" or attribute(op, "bias_after_scale", True):
                continue
            offset = float(attribute(op, "bias", 0.0)) * float(attribute(op, "scale", 1.0))
            set_attribute(op, "bias", offset)
            set_attribute(op, "bias_after_scale", True)
            done["scale: factor before the offset"] += 1
    return done


REWRITE = Rewrite(stage=Stage.OPERATORS, apply=_put_factors_first)
