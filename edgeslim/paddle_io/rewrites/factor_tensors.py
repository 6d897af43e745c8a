"""A ``scale`` by a tensor written as a product: Paddle-Lite 2.13 does not read the tensor."""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._composing import rewritten
from edgeslim.paddle_io.rewrites._rewrite import Rewrite, Stage
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.forms import FACTOR_TENSORS

__all__ = ["REWRITE"]


def _scaled(s: Sketch) -> str:
    factor, offset = s.source("ScaleTensor"), float(s.attribute("bias", 0.0))
    if s.attribute("bias_after_scale", True):
        return s.scaled(s.both("mul", s.x, factor), 1.0, offset)
    return s.both("mul", s.scaled(s.x, 1.0, offset), factor)


REWRITE = Rewrite(stage=Stage.FORMULAS, apply=rewritten({"scale": _scaled}, FACTOR_TENSORS))
