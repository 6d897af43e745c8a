"""Hyperbolic tangents of values that are clipped to the limits beyond which the result is 1.

Paddle-Lite 2.13 divides sums of exponentials: on arm for the last elements of each thread, on x86
wherever ``lite_elementwise_activation_fuse_pass`` makes one operator of a sum and a tangent. Beyond
88 these are infinite. In single precision the tangent of 10 is 1, and up to there no exponential is
infinite, in half precision either.
"""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.activations import LARGE_TANGENTS

__all__ = ["REWRITE"]

_LIMIT = 10.0


def _tanh(s: Sketch) -> str:
    return s.apply("tanh", s.apply("clip", s.x, min=-_LIMIT, max=_LIMIT))


# After the other rewrites, which write tangents.
REWRITE = rewrite_by_formula(RewriteStage.APART, _tanh, LARGE_TANGENTS)
