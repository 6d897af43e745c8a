"""Signs by comparisons: the kernel of Paddle-Lite 2.13 for arm ends the run, and x86 has none."""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._composing import rewritten
from edgeslim.paddle_io.rewrites._rewrite import Rewrite, Stage
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.activations import SIGNS

__all__ = ["REWRITE"]


def _sign(s: Sketch) -> str:
    nought = s.constant(0.0)
    above, below = (s.cast(s.compared(kind, s.x, nought)) for kind in ("greater_than", "less_than"))
    return s.both("sub", above, below)


REWRITE = Rewrite(stage=Stage.OPERATORS, apply=rewritten({"sign": _sign}, SIGNS))
