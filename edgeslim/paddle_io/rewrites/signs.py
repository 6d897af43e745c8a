"""Signs by comparisons: the kernel of Paddle-Lite 2.13 for arm ends the run, and x86 has none."""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.activations import SIGNS

__all__ = ["REWRITE"]


def _sign(s: Sketch) -> str:
    zero = s.constant(0.0)
    above, below = (s.cast(s.compare(kind, s.x, zero)) for kind in ("greater_than", "less_than"))
    return s.binary("sub", above, below)


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _sign, SIGNS)
