"""Logarithms that are right at 0 and infinity, where the kernel of Paddle-Lite 2.13 for arm is not.

Its result is NaN for 0, 88.7 for infinity, and a number for NaN. In between it is right, so that
the logarithm is computed of clipped values. The ends are added: a root and its reciprocal, times a
factor so small that neither changes any finite logarithm, have an infinite difference at both ends,
and NaN as their difference where the logarithm is NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgeslim.paddle_io.block_edits import argument, attribute
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.activations import LOGARITHMS_AT_ENDS

__all__ = ["REWRITE"]

_LEAST, _LARGEST = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max)

_TINY = 1e-30
"""A factor: times the root of the largest number, or the reciprocal root of the smallest, it is
below 2e-11."""

_LEAST_EXPONENT = -87.0
"""The least number whose exponential is above 0."""

_NEVER_NEGATIVE = {
    *("abs", "exp", "hard_sigmoid", "relu", "relu6", "sigmoid", "softmax", "softplus", "sqrt"),
    "square",
}
_KEEPING_POSITIVE = {"reduce_max", "reduce_mean", "reduce_min", "reduce_sum", "reshape2", "sqrt"}
"""Kinds whose results are above 0 if their inputs are."""

_MOST_DEPTH = 8
"""The most operators that are followed back."""


def _logarithm(s: Sketch) -> str | None:
    if _is_positive(s, s.x, _MOST_DEPTH):
        return None
    inner = s.apply("log", s.apply("clip", s.x, min=_LEAST, max=_LARGEST))
    lower = s.apply("rsqrt", s.x)
    # Not by a root: Paddle's own root of infinity is NaN.
    upper = s.scale(s.apply("reciprocal", lower), _TINY)
    # The reciprocal root of -0 is negative.
    lower = s.apply("abs", s.scale(lower, _TINY))
    return s.binary("add", inner, s.binary("sub", upper, lower))


def _is_positive(s: Sketch, name: str, depth: int) -> bool:
    """Whether a tensor is known, by its makers, to be above 0 for any input of the network."""
    maker = s.maker(name)
    if maker is None:
        value = s.value(name)
        return value is not None and bool(value.size) and bool(np.all(value >= _LEAST))
    if not depth:
        return False
    known = _ABOVE.get(maker.type)
    if known is not None:
        return known(s, maker, depth)
    return maker.type in _KEEPING_POSITIVE and _is_positive(
        s, argument(maker.inputs, "X"), depth - 1
    )


def _is_clipped_above(_s: Sketch, maker: Any, _depth: int) -> bool:  # noqa: ANN401 - an OpDesc
    return not argument(maker.inputs, "Min") and float(attribute(maker, "min", 0.0)) >= _LEAST


def _is_exponential_above(s: Sketch, maker: Any, _depth: int) -> bool:  # noqa: ANN401
    before = s.maker(argument(maker.inputs, "X"))
    if before is None or before.type != "clip" or argument(before.inputs, "Min"):
        return False
    return float(attribute(before, "min", 0.0)) >= _LEAST_EXPONENT


def _is_scale_above(s: Sketch, maker: Any, depth: int) -> bool:  # noqa: ANN401
    factor, offset = float(attribute(maker, "scale", 1.0)), float(attribute(maker, "bias", 0.0))
    is_lifted = offset >= _LEAST and bool(attribute(maker, "bias_after_scale", True))
    if factor < 0.0 or not is_lifted or argument(maker.inputs, "ScaleTensor"):
        return False
    source = argument(maker.inputs, "X")
    return _is_never_negative(s, source) or _is_positive(s, source, depth - 1)


def _is_sum_above(s: Sketch, maker: Any, depth: int) -> bool:  # noqa: ANN401
    """Whether one part is above 0 and the other never below."""
    sides = [argument(maker.inputs, slot) for slot in ("X", "Y")]
    above = [_is_positive(s, side, depth - 1) for side in sides]
    return any(above) and all(
        is_above or _is_never_negative(s, side) for is_above, side in zip(above, sides, strict=True)
    )


def _is_never_negative(s: Sketch, name: str) -> bool:
    maker = s.maker(name)
    return maker is not None and maker.type in _NEVER_NEGATIVE


_ABOVE: dict[str, Callable[[Sketch, Any, int], bool]] = {
    "clip": _is_clipped_above,
    "elementwise_add": _is_sum_above,
    "exp": _is_exponential_above,
    "scale": _is_scale_above,
}

# After the other rewrites, which write logarithms.
REWRITE = rewrite_by_formula(RewriteStage.AXES, _logarithm, LOGARITHMS_AT_ENDS)
