"""Logarithms that are right at the ends, where the kernel of Paddle-Lite 2.13 for arm is not.

It makes no number of 0, 88.7 of infinity, and a number of what is none. What lies between is right,
so that the logarithm is taken of what is kept there. The ends are added: a root and its reciprocal,
times a factor too small to be seen beside any finite logarithm, differ by infinity at either end,
and by no number where the logarithm is none.
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

_UNSEEN = 1e-30
"""Times the root of the largest number, or the reciprocal of that of the least, below 2e-11."""

_LEAST_EXPONENT = -87.0
"""Of what is above, exponentials are above 0."""

_NEVER_NEGATIVE = {
    *("abs", "exp", "hard_sigmoid", "relu", "relu6", "sigmoid", "softmax", "softplus", "sqrt"),
    "square",
}
_MEANS = {"reduce_max", "reduce_mean", "reduce_min", "reduce_sum", "reshape2", "sqrt"}
"""Kinds whose results are above 0 if all that they read is."""

_DEEPEST = 8
"""How many operators back anything is looked for."""


def _mended(s: Sketch) -> str | None:
    if _is_above_nought(s, s.x, _DEEPEST):
        return None
    inner = s.apply("log", s.apply("clip", s.x, min=_LEAST, max=_LARGEST))
    lower = s.apply("rsqrt", s.x)
    # Paddle's own root of infinity is no number.
    upper = s.scale(s.apply("reciprocal", lower), _UNSEEN)
    # Of -0 the root's reciprocal is below 0.
    lower = s.apply("abs", s.scale(lower, _UNSEEN))
    return s.binary("add", inner, s.binary("sub", upper, lower))


def _is_above_nought(s: Sketch, name: str, depth: int) -> bool:
    """Whether a tensor is above 0 whatever the network is given, as far as its makers say."""
    maker = s.maker(name)
    if maker is None:
        value = s.value(name)
        return value is not None and bool(value.size) and bool(np.all(value >= _LEAST))
    if not depth:
        return False
    known = _ABOVE.get(maker.type)
    if known is not None:
        return known(s, maker, depth)
    return maker.type in _MEANS and _is_above_nought(s, argument(maker.inputs, "X"), depth - 1)


def _is_clipped_above(_s: Sketch, maker: Any, _depth: int) -> bool:  # noqa: ANN401 - an OpDesc
    return not argument(maker.inputs, "Min") and float(attribute(maker, "min", 0.0)) >= _LEAST


def _is_exponential_above(s: Sketch, maker: Any, _depth: int) -> bool:  # noqa: ANN401
    before = s.maker(argument(maker.inputs, "X"))
    if before is None or before.type != "clip" or argument(before.inputs, "Min"):
        return False
    return float(attribute(before, "min", 0.0)) >= _LEAST_EXPONENT


def _is_lifted_above(s: Sketch, maker: Any, depth: int) -> bool:  # noqa: ANN401
    factor, offset = float(attribute(maker, "scale", 1.0)), float(attribute(maker, "bias", 0.0))
    lifted = offset >= _LEAST and bool(attribute(maker, "bias_after_scale", True))
    if factor < 0.0 or not lifted or argument(maker.inputs, "ScaleTensor"):
        return False
    source = argument(maker.inputs, "X")
    return _is_never_negative(s, source) or _is_above_nought(s, source, depth - 1)


def _is_sum_above(s: Sketch, maker: Any, depth: int) -> bool:  # noqa: ANN401
    """Whether one part is above 0 and the other never below."""
    sides = [argument(maker.inputs, slot) for slot in ("X", "Y")]
    above = [_is_above_nought(s, side, depth - 1) for side in sides]
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
    "scale": _is_lifted_above,
}

# When all others have written their logarithms.
REWRITE = rewrite_by_formula(RewriteStage.AXES, _mended, LOGARITHMS_AT_ENDS)
