"""Functions of single elements that Paddle-Lite 2.13 does not have on x86 or arm.

The inverse tangent is that of Abramowitz and Stegun, *Handbook of Mathematical Functions*,
4.4.49, whose error is below 2e-8 up to one; beyond, it is pi/2 minus that of the reciprocal.
Odd functions are computed from the positive and the negative part, so that small values
keep their digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from edgeslim.paddle_io.rewrites._rewrite import Formula, RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.absent import ABSENT_FUNCTIONS, ABSENT_SOFTSIGNS
from edgeslim.targets.activations import STEEP_SLOPES, TANH_GELUS, THRESHOLDS_WITH_VALUES
from edgeslim.targets.elementwise import FLOOR_OF_FLOATS, HALVES

__all__ = ["REWRITE"]

_INVERSE_TANGENT = (
    *(0.0028662257, -0.0161657367, 0.0429096138, -0.0752896400, 0.1065626393),
    *(-0.1420889944, 0.1999355085, -0.3333314528, 1.0),
)

_LEAST, _LARGEST = 1.1754943508222875e-38, 3.4028234663852886e38
"""The smallest positive normal number and the largest number of float32."""


def _negate(s: Sketch, x: str) -> str:
    return s.scale(x, -1.0)


def _above(s: Sketch, x: str, limit: float) -> str:
    """1 where x is above a limit, else 0."""
    return s.cast(s.compare("greater_than", x, s.constant(limit)))


def _odd(s: Sketch, x: str, positive: Callable[[Sketch, str], str]) -> str:
    """An odd function, by a formula for positive numbers."""
    above = positive(s, s.apply("relu", x))
    below = positive(s, s.apply("relu", _negate(s, x)))
    return s.binary("sub", above, below)


def _negative_part(s: Sketch, x: str) -> str:
    return _negate(s, s.apply("relu", _negate(s, x)))


def _exponential_unit(s: Sketch, x: str, alpha: float, steep: float, factor: float) -> str:
    """``factor * (max(x, 0) + alpha * (exp(min(x, 0) / steep) - 1))``."""
    grown = s.apply("exp", s.scale(_negative_part(s, x), 1.0 / steep))
    below = s.scale(grown, factor * alpha, -factor * alpha)
    return s.binary("add", s.scale(s.apply("relu", x), factor), below)


def _celu(s: Sketch) -> str:
    alpha = float(s.attribute("alpha", 1.0))
    return _exponential_unit(s, s.x, alpha, alpha, 1.0)


def _selu(s: Sketch) -> str:
    factor, alpha = (
        s.attribute("scale", 1.0507009873554805),
        s.attribute("alpha", 1.6732632423543772),
    )
    return _exponential_unit(s, s.x, float(alpha), 1.0, float(factor))


def _logarithm(base: float) -> Formula:
    return lambda s: s.scale(s.apply("log", s.x), 1.0 / math.log(base))


def _hyperbolic(sign: float) -> Formula:
    def formula(s: Sketch) -> str:
        up, down = s.apply("exp", s.x), s.apply("exp", _negate(s, s.x))
        return s.binary("add", s.scale(up, 0.5), s.scale(down, 0.5 * sign))

    return formula


def _tangent(s: Sketch) -> str:
    return s.binary("div", s.apply("sin", s.x), s.apply("cos", s.x))


def _arc_tangent_to_one(s: Sketch, x: str) -> str:
    """The inverse tangent of numbers from 0 to 1."""
    square = s.binary("mul", x, x)
    total = s.scale(square, _INVERSE_TANGENT[0], _INVERSE_TANGENT[1])
    for coefficient in _INVERSE_TANGENT[2:]:
        total = s.scale(s.binary("mul", total, square), 1.0, coefficient)
    return s.binary("mul", total, x)


def _arc_tangent(s: Sketch, x: str) -> str:
    """The inverse tangent of any positive number: of itself up to one, else of its reciprocal."""
    beyond = _above(s, x, 1.0)
    larger = s.apply("clip", x, min=1.0, max=3.0e38)
    inner = s.apply("clip", x, min=0.0, max=1.0)
    near = _arc_tangent_to_one(s, inner)
    # Where x is at most one, this is that of one, and is not used.
    far = _arc_tangent_to_one(s, s.binary("div", s.binary("div", larger, larger), larger))
    rest = s.scale(s.binary("add", near, far), -1.0, math.pi / 2)
    return s.binary("add", near, s.binary("mul", rest, beyond))


def _arc_sine(s: Sketch, x: str) -> str:
    under = s.scale(s.binary("mul", x, x), -1.0, 1.0)
    return s.binary("div", x, s.apply("sqrt", under))


def _atan(s: Sketch) -> str:
    return _odd(s, s.x, _arc_tangent)


def _asin(s: Sketch) -> str:
    return _odd(s, _arc_sine(s, s.x), _arc_tangent)


def _acos(s: Sketch) -> str:
    return s.scale(_odd(s, _arc_sine(s, s.x), _arc_tangent), -1.0, math.pi / 2)


def _angle(s: Sketch) -> str | None:
    """The angle of a point: of the smaller coordinate over the larger, moved to its octant."""
    y, x = s.source("X1"), s.source("X2")
    if s.shape(y) != s.shape(x):
        return None
    high, wide = (s.apply("abs", side) for side in (y, x))
    larger = s.apply("clip", s.binary("max", high, wide), min=_LEAST, max=_LARGEST)
    angle = _arc_tangent_to_one(s, s.binary("div", s.binary("min", high, wide), larger))
    steep = s.cast(s.compare("greater_than", high, wide))
    angle = s.binary("add", angle, _reflection(s, angle, steep, math.pi / 2))
    left = s.cast(s.compare("less_than", x, s.constant(0.0)))
    angle = s.binary("add", angle, _reflection(s, angle, left, math.pi))
    above = s.cast(s.compare("greater_equal", y, s.constant(0.0)))
    return s.binary("mul", angle, s.scale(above, 2.0, -1.0))


def _reflection(s: Sketch, angle: str, where: str, whole: float) -> str:
    """The term that makes an angle ``whole - angle`` where a mask is 1, and 0 elsewhere."""
    return s.binary("mul", s.scale(angle, -2.0, whole), where)


def _area_sine(s: Sketch, x: str) -> str:
    root = s.apply("sqrt", s.scale(s.binary("mul", x, x), 1.0, 1.0))
    return s.apply("log", s.binary("add", x, root))


def _asinh(s: Sketch) -> str:
    return _odd(s, s.x, _area_sine)


def _acosh(s: Sketch) -> str:
    root = s.apply("sqrt", s.scale(s.binary("mul", s.x, s.x), 1.0, -1.0))
    return s.apply("log", s.binary("add", s.x, root))


def _atanh(s: Sketch) -> str:
    ratio = s.binary("div", s.scale(s.x, 1.0, 1.0), s.scale(s.x, -1.0, 1.0))
    return s.scale(s.apply("log", ratio), 0.5)


def _hard_shrink(s: Sketch) -> str:
    """The threshold itself is kept, in contrast to Paddle's documentation."""
    limit = s.constant(float(s.attribute("threshold", 0.5)))
    kept = s.cast(s.compare("greater_equal", s.apply("abs", s.x), limit))
    return s.binary("mul", s.x, kept)


def _soft_shrink(s: Sketch) -> str:
    limit = float(s.attribute("lambda", 0.5))
    above = s.apply("relu", s.scale(s.x, 1.0, -limit))
    below = s.apply("relu", s.scale(s.x, -1.0, -limit))
    return s.binary("sub", above, below)


def _tanh_shrink(s: Sketch) -> str:
    return s.binary("sub", s.x, s.apply("tanh", s.x))


def _scaled_tanh(s: Sketch) -> str:
    inner = s.scale(s.x, float(s.attribute("scale_a", 0.67)))
    return s.scale(s.apply("tanh", inner), float(s.attribute("scale_b", 1.7159)))


def _log_sigmoid(s: Sketch) -> str:
    """``min(x, 0) - log(1 + exp(-|x|))``."""
    small = s.apply("exp", _negate(s, s.apply("abs", s.x)))
    return s.binary("sub", _negative_part(s, s.x), s.apply("log", s.scale(small, 1.0, 1.0)))


def _logit(s: Sketch) -> str:
    margin = float(s.attribute("eps", 0.0))
    x = s.apply("clip", s.x, min=margin, max=1.0 - margin) if margin else s.x
    return s.apply("log", s.binary("div", x, s.scale(x, -1.0, 1.0)))


def _soft_sign(s: Sketch) -> str:
    return s.binary("div", s.x, s.scale(s.apply("abs", s.x), 1.0, 1.0))


def _threshold(s: Sketch) -> str:
    """Paddle-Lite's own operator has 0 below the threshold instead of the value."""
    value = float(s.attribute("value", 0.0))
    kept = _above(s, s.x, float(s.attribute("threshold", 1.0)))
    return s.binary("add", s.binary("mul", s.x, kept), s.scale(kept, -value, value))


def _tanh_gelu(s: Sketch) -> str:
    """``0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))``, which the kernels do not have."""
    square = s.binary("mul", s.x, s.x)
    inner = s.binary("mul", s.x, s.scale(square, 0.044715, 1.0))
    tangent = s.apply("tanh", s.scale(inner, math.sqrt(2.0 / math.pi)))
    return s.binary("mul", s.scale(s.x, 0.5), s.scale(tangent, 1.0, 1.0))


def _mean_slope(s: Sketch) -> str:
    """At inference the slope is the mean of both limits."""
    slope = (float(s.attribute("lower", 0.125)) + float(s.attribute("upper", 1.0 / 3))) / 2
    return s.apply("leaky_relu", s.x, alpha=slope)


def _steep_leaky_relu(s: Sketch) -> str:
    """The kernels for x86 compute the larger of ``x`` and its multiple."""
    slope = float(s.attribute("alpha", 0.02))
    below = s.scale(s.apply("relu", _negate(s, s.x)), slope)
    return s.binary("sub", s.apply("relu", s.x), below)


def _round(s: Sketch) -> str | None:
    """Halves are rounded to the even neighbour; Paddle-Lite rounds them away from 0."""
    if s.attribute("decimals", 0):
        return None
    whole = s.apply("floor", s.x)
    rest = s.binary("sub", s.x, whole)
    above = _above(s, rest, 0.5)
    half = s.binary("sub", s.cast(s.compare("greater_equal", rest, s.constant(0.5))), above)
    halves = s.scale(whole, 0.5)
    odd = s.scale(s.binary("sub", halves, s.apply("floor", halves)), 2.0)
    return s.binary("add", s.binary("add", whole, above), s.binary("mul", half, odd))


def _floor_division(s: Sketch) -> str:
    """The kernels round the quotients of floats towards 0, or read the floats as integers."""
    return s.apply("floor", s.binary("div", s.x, s.source("Y"), int(s.attribute("axis", -1))))


def _remainder(s: Sketch) -> str:
    axis = int(s.attribute("axis", -1))
    times = s.apply("floor", s.binary("div", s.x, s.source("Y"), axis))
    return s.binary("sub", s.x, s.binary("mul", times, s.source("Y"), axis))


def _step(s: Sketch) -> str:
    """1 above 0, 0 below, and the second tensor's element at 0."""
    zero = s.constant(0.0)
    above = s.cast(s.compare("greater_than", s.x, zero))
    at = s.binary("sub", s.cast(s.compare("greater_equal", s.x, zero)), above)
    return s.binary("add", above, s.binary("mul", at, s.source("Y")))


def _lerp(s: Sketch) -> str:
    difference = s.binary("sub", s.source("Y"), s.x)
    return s.binary("add", s.x, s.binary("mul", difference, s.source("Weight")))


def _larger_or_smaller(kind: str) -> Formula:
    """``fmax`` and ``fmin`` differ from these only in their treatment of NaN."""
    return lambda s: s.binary(kind, s.x, s.source("Y"), int(s.attribute("axis", -1)))


def _ceil(s: Sketch) -> str:
    return _negate(s, s.apply("floor", _negate(s, s.x)))


def _trunc(s: Sketch) -> str:
    return _odd(s, s.x, lambda sketch, x: sketch.apply("floor", x))


def _is_close(s: Sketch) -> str | None:
    if s.source("Rtol") or s.source("Atol") or s.attribute("equal_nan", False):
        return None
    other = s.source("Other") or s.source("Y")
    rtol, atol = float(s.attribute("rtol", "1e-05")), float(s.attribute("atol", "1e-08"))
    limit = s.scale(s.apply("abs", other), rtol, atol)
    return s.compare("less_equal", s.apply("abs", s.binary("sub", s.x, other)), limit)


_FORMULAS: dict[str, Formula] = {
    "acos": _acos,
    "acosh": _acosh,
    "asin": _asin,
    "asinh": _asinh,
    "atan": _atan,
    "atan2": _angle,
    "atanh": _atanh,
    "ceil": _ceil,
    "celu": _celu,
    "cosh": _hyperbolic(1.0),
    "elementwise_floordiv": _floor_division,
    "elementwise_fmax": _larger_or_smaller("max"),
    "elementwise_fmin": _larger_or_smaller("min"),
    "elementwise_heaviside": _step,
    "elementwise_mod": _remainder,
    "expm1": lambda s: s.scale(s.apply("exp", s.x), 1.0, -1.0),
    "gelu": _tanh_gelu,
    "hard_shrink": _hard_shrink,
    "isclose": _is_close,
    "leaky_relu": _steep_leaky_relu,
    "lerp": _lerp,
    "log10": _logarithm(10.0),
    "log1p": lambda s: s.apply("log", s.scale(s.x, 1.0, 1.0)),
    "log2": _logarithm(2.0),
    "logit": _logit,
    "logsigmoid": _log_sigmoid,
    "round": _round,
    "rrelu": _mean_slope,
    "selu": _selu,
    "sinh": _hyperbolic(-1.0),
    "softshrink": _soft_shrink,
    "softsign": _soft_sign,
    "stanh": _scaled_tanh,
    "tan": _tangent,
    "tanh_shrink": _tanh_shrink,
    "thresholded_relu": _threshold,
    "trunc": _trunc,
}

_LAWS = (
    ABSENT_FUNCTIONS,
    ABSENT_SOFTSIGNS,
    STEEP_SLOPES,
    TANH_GELUS,
    THRESHOLDS_WITH_VALUES,
    FLOOR_OF_FLOATS,
    HALVES,
)

REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _FORMULAS, *_LAWS)
