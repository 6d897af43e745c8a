"""A convolution with moved taps that are not weighed, with weights of one.

Paddle-Lite 2.13 has the one with weights alone.
"""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.absent import ABSENT_TAPS

__all__ = ["REWRITE"]


def _weighed(s: Sketch) -> str:
    made, (batch, taps, *sides) = s.shape(s.result("Output")), s.shape(s.source("Offset"))
    return s.write(
        "deformable_conv",
        {
            **{slot: s.source(slot) for slot in ("Input", "Offset", "Filter")},
            "Mask": s.constant(1.0, [batch, taps // 2, *sides]),
        },
        made,
        output="Output",
        strides=tuple(s.attribute("strides", (1, 1))),
        paddings=tuple(s.attribute("paddings", (0, 0))),
        dilations=tuple(s.attribute("dilations", (1, 1))),
        groups=int(s.attribute("groups", 1)),
        deformable_groups=int(s.attribute("deformable_groups", 1)),
        im2col_step=1,
    )


REWRITE = rewrite_by_formula(RewriteStage.FORMULAS, _weighed, ABSENT_TAPS)
