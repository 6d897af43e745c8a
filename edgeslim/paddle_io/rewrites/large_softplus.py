"""A softplus by its logarithm up to the threshold and a straight line beyond.

The kernel of Paddle-Lite 2.13 for arm takes the exponential of everything, which is infinite
beyond 88, and does not read the threshold.
"""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.activations import LARGE_SOFTPLUS

__all__ = ["REWRITE"]

_STRAIGHT = 15.0
"""Beyond, what the logarithm adds to the straight line is below 4e-7."""

_LEAST = -3.0e38


def _by_parts(s: Sketch) -> str:
    beta, threshold = float(s.attribute("beta", 1.0)), float(s.attribute("threshold", 20.0))
    steep = _times(s, s.x, beta)
    bent = s.apply("clip", steep, min=_LEAST, max=threshold)
    bent = _times(s, s.apply("log", s.scale(s.apply("exp", bent), 1.0, 1.0)), 1.0 / beta)
    if threshold < _STRAIGHT:
        beyond = s.cast(s.compare("greater_than", steep, s.constant(threshold)))
        bent = s.binary("mul", bent, s.scale(beyond, -1.0, 1.0))
        return s.binary("add", s.binary("mul", s.x, beyond), bent)
    beyond = _times(s, s.apply("relu", s.scale(steep, 1.0, -threshold)), 1.0 / beta)
    return s.binary("add", bent, beyond)


def _times(s: Sketch, x: str, factor: float) -> str:
    """A product with a number; with one, nothing is written that `opt` would take out again."""
    return x if factor == 1.0 else s.scale(x, factor)


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _by_parts, LARGE_SOFTPLUS)
