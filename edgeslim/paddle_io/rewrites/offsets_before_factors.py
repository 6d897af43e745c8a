"""``factor * (x + offset)`` rewritten as ``factor * x + factor * offset``.

``lite_conv_scale_fuse_pass`` of Paddle-Lite 2.13 reads both as ``factor * x + offset``
(``conv_scale_fuser.cc`` ignores ``bias_after_scale``).
"""

from __future__ import annotations

from edgeslim.paddle_io.block_edits import set_attribute
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_in_place
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.optimizer import OFFSETS_BEFORE_FACTORS

__all__ = ["REWRITE"]


def _add_offset_last(s: Sketch) -> bool:
    offset = float(s.attribute("bias", 0.0)) * float(s.attribute("scale", 1.0))
    set_attribute(s.op, "bias", offset)
    set_attribute(s.op, "bias_after_scale", True)
    return True


REWRITE = rewrite_in_place(RewriteStage.OPERATORS, _add_offset_last, OFFSETS_BEFORE_FACTORS)
