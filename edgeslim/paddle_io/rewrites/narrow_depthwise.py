"""Narrow depthwise convolutions that are padded below or on the right only, by the general kernel.

Paddle-Lite 2.13's kernel for images of at most eight columns is right if there is as much padding
before the image. Another row or column of padding gives no further window if the extent is even,
and no window reaches the padding if it is odd; with a padding of 2 the general kernel is chosen.
"""

from __future__ import annotations

from edgeslim.paddle_io.block_edits import set_attribute
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_in_place
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.convolutions import NARROW_DEPTHWISE, sides_around

__all__ = ["REWRITE"]


def _pad_more(s: Sketch) -> bool:
    height, width = s.shape(s.x)[2:]
    _, bottom, _, right = sides_around(s.operator)
    bottom, right = 2 * bottom * (height % 2 == 0), 2 * right * (width % 2 == 0)
    set_attribute(s.op, "paddings", (0, bottom, 0, right))
    # Paddle resets those of SAME, which would count again where the padding is explicit.
    set_attribute(s.op, "dilations", (1, 1))
    set_attribute(s.op, "padding_algorithm", "EXPLICIT")
    return True


REWRITE = rewrite_in_place(RewriteStage.OPERATORS, _pad_more, NARROW_DEPTHWISE)
