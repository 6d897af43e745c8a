"""Norms other than the Euclidean one along an axis, as sums and maxima.

``p_norm`` of Paddle-Lite 2.13 sums powers of values instead of magnitudes, and rounds the order
to an integer (``lite/backends/host/math/norm.cc``): for negative values, orders that are not whole
and infinity its result is silently wrong, and it ends the process if the norm is of all elements.
There is no ``frobenius_norm``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.absent import ABSENT_NORMS
from edgeslim.targets.norms import OTHER_ORDERS
from edgeslim.targets.reductions import reduced_axes

__all__ = ["REWRITE"]

_EUCLIDEAN = 2.0


def _norm(s: Sketch) -> str:
    order = float(s.attribute("porder", _EUCLIDEAN))
    rank, is_vector = len(s.shape(s.x)), bool(s.attribute("asvector", False))
    axes = [*range(rank)] if is_vector else [int(s.attribute("axis", -1)) % rank]
    keep = bool(s.attribute("keepdim", False))
    if order == _EUCLIDEAN:
        return _root_of_squares(s, axes, keep=keep)
    sizes = s.apply("abs", s.x)
    if math.isinf(order):
        return s.reduce("max" if order > 0 else "min", sizes, axes, keep=keep)
    if order == 1:
        return s.reduce("sum", sizes, axes, keep=keep)
    if order == 0:
        return s.reduce("sum", s.apply("sign", sizes), axes, keep=keep)
    total = s.reduce("sum", s.apply("pow", sizes, factor=order), axes, keep=keep)
    return s.apply("pow", total, factor=1 / order)


def _frobenius(s: Sketch) -> str:
    keep = bool(s.attribute("keep_dim", False))
    return _root_of_squares(s, reduced_axes(s.operator), keep=keep)


def _root_of_squares(s: Sketch, axes: Sequence[int], *, keep: bool) -> str:
    return s.apply("sqrt", s.reduce("sum", s.apply("square", s.x), axes, keep=keep))


REWRITE = rewrite_by_formula(
    RewriteStage.FORMULAS,
    {"frobenius_norm": _frobenius, "p_norm": _norm},
    ABSENT_NORMS,
    OTHER_ORDERS,
)
