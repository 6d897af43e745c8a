"""Deformable convolutions without a mask, with a mask of ones.

Paddle-Lite 2.13 has only those with a mask.
"""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._deformable import convolve_deformably
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.absent import ABSENT_TAPS

__all__ = ["REWRITE"]


def _add_mask(s: Sketch) -> str:
    batch, offsets, *sides = s.shape(s.source("Offset"))
    inputs = {slot: s.source(slot) for slot in ("Input", "Offset", "Filter")}
    inputs["Mask"] = s.constant(1.0, [batch, offsets // 2, *sides])
    return convolve_deformably(
        s,
        inputs,
        s.shape(s.result("Output"))[1],
        groups=int(s.attribute("groups", 1)),
        deformable_groups=int(s.attribute("deformable_groups", 1)),
    )


REWRITE = rewrite_by_formula(RewriteStage.FORMULAS, _add_mask, ABSENT_TAPS)
