"""``prelu`` with a slope for each element, by its positive and its negative part.

The kernel of Paddle-Lite 2.13 for arm reads beyond the slopes from the second example on.
"""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.activations import SLOPES_BY_ELEMENT

__all__ = ["REWRITE"]


def _prelu(s: Sketch) -> str:
    slopes = s.reshape(s.source("Alpha"), [1, *s.shape(s.x)[1:]])
    below = s.binary("mul", s.apply("relu", s.scale(s.x, -1.0)), slopes)
    return s.binary("sub", s.apply("relu", s.x), below)


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _prelu, SLOPES_BY_ELEMENT)
