"""Softplus by its logarithm up to the threshold and a straight line beyond.

The kernel of Paddle-Lite 2.13 for arm computes the exponential of every element, which is infinite
beyond 88, and ignores the threshold.
"""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.activations import LARGE_SOFTPLUS

__all__ = ["REWRITE"]

_STRAIGHT = 15.0
"""Beyond this the logarithm differs from the straight line by less than 4e-7."""

_LEAST = -3.0e38


def _softplus(s: Sketch) -> str:
    beta, threshold = float(s.attribute("beta", 1.0)), float(s.attribute("threshold", 20.0))
    x = _multiply(s, s.x, beta)
    curve = s.apply("clip", x, min=_LEAST, max=threshold)
    curve = _multiply(s, s.apply("log", s.scale(s.apply("exp", curve), 1.0, 1.0)), 1.0 / beta)
    if threshold < _STRAIGHT:
        is_beyond = s.cast(s.compare("greater_than", x, s.constant(threshold)))
        curve = s.binary("mul", curve, s.scale(is_beyond, -1.0, 1.0))
        return s.binary("add", s.binary("mul", s.x, is_beyond), curve)
    line = _multiply(s, s.apply("relu", s.scale(x, 1.0, -threshold)), 1.0 / beta)
    return s.binary("add", curve, line)


def _multiply(s: Sketch, x: str, factor: float) -> str:
    """A product with a number; a product with 1 is left out."""
    return x if factor == 1.0 else s.scale(x, factor)


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _softplus, LARGE_SOFTPLUS)
