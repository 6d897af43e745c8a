"""A linear unit with a slope for each element, by its part above nought and that below.

The kernel of Paddle-Lite 2.13 for arm goes on behind the slopes with the second example.
"""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._composing import rewritten
from edgeslim.paddle_io.rewrites._rewrite import Rewrite, Stage
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.activations import SLOPES_BY_ELEMENT

__all__ = ["REWRITE"]


def _by_parts(s: Sketch) -> str:
    slopes = s.reshaped(s.source("Alpha"), [1, *s.shape(s.x)[1:]])
    below = s.both("mul", s.apply("relu", s.scaled(s.x, -1.0)), slopes)
    return s.both("sub", s.apply("relu", s.x), below)


REWRITE = Rewrite(stage=Stage.OPERATORS, apply=rewritten({"prelu": _by_parts}, SLOPES_BY_ELEMENT))
