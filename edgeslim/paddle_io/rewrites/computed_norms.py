"""Batch norms with computed statistics, as a product and a sum.

The kernel of Paddle-Lite 2.13 for arm computes a factor and an offset when a network runs for the
first time, and uses them in all later runs.
"""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.computed import COMPUTED_NORMS

__all__ = ["REWRITE"]


def _normalize(s: Sketch) -> str:
    mean, variance = s.source("Mean"), s.source("Variance")
    spread = s.scale(variance, 1.0, float(s.attribute("epsilon", 1e-5)))
    factor = s.binary("mul", s.source("Scale"), s.apply("rsqrt", spread))
    offset = s.binary("sub", s.source("Bias"), s.binary("mul", mean, factor))
    return s.binary("add", s.binary("mul", s.x, factor, 1), offset, 1)


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _normalize, COMPUTED_NORMS)
