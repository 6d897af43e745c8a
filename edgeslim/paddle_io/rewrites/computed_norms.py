"""Norms of batches with statistics that are computed, as a product and a sum.

The kernel of Paddle-Lite 2.13 for arm makes a factor and an offset of them when a network runs for
the first time.
"""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._composing import rewritten
from edgeslim.paddle_io.rewrites._rewrite import Rewrite, Stage
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.computed import COMPUTED_NORMS

__all__ = ["REWRITE"]


def _normed(s: Sketch) -> str:
    mean, variance = s.source("Mean"), s.source("Variance")
    spread = s.scaled(variance, 1.0, float(s.attribute("epsilon", 1e-5)))
    factor = s.both("mul", s.source("Scale"), s.apply("rsqrt", spread))
    offset = s.both("sub", s.source("Bias"), s.both("mul", mean, factor))
    return s.both("add", s.both("mul", s.x, factor, 1), offset, 1)


REWRITE = Rewrite(stage=Stage.OPERATORS, apply=rewritten({"batch_norm": _normed}, COMPUTED_NORMS))
