"""``scale`` by a tensor rewritten as a product: Paddle-Lite 2.13 does not read the tensor."""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.forms import FACTOR_TENSORS

__all__ = ["REWRITE"]


def _multiply(s: Sketch) -> str:
    factor, offset = s.source("ScaleTensor"), float(s.attribute("bias", 0.0))
    if s.attribute("bias_after_scale", True):
        return s.scale(s.binary("mul", s.x, factor), 1.0, offset)
    return s.binary("mul", s.scale(s.x, 1.0, offset), factor)


REWRITE = rewrite_by_formula(RewriteStage.FORMULAS, _multiply, FACTOR_TENSORS)
