"""Norms of a network's inputs, with the mean subtracted first.

The kernels of Paddle-Lite 2.13 compute the variance as the mean of the squares minus the square of
the mean. If the mean is far larger than the standard deviation, both are nearly the same number and
rounding dominates their difference, which may be below 0; then all is NaN, as for a completely grey
image. Subtracting any number first does not change the norm, and subtracting the mean makes it
exact (Chan, Golub and LeVeque, *Algorithms for computing the sample variance*, 1983).

Inputs may have means of any size, and have few channels. Between layers this would take 7 to 20 %
of a network's time, and is not done.
"""

from __future__ import annotations

from math import prod

from edgeslim.paddle_io.block_edits import argument
from edgeslim.paddle_io.rewrites._rewrite import Formula, RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.norms import LARGE_MEANS

__all__ = ["REWRITE"]

_MEANS = ("Mean", "SavedMean")
_MOVING = {
    *("assign", "cast", "flatten2", "flatten_contiguous_range", "reshape", "reshape2", "scale"),
    *("slice", "squeeze2", "transpose", "transpose2", "unsqueeze2"),
}
"""Kinds whose results are an input's elements, moved or scaled."""


def _centre(s: Sketch) -> dict[str, str] | None:
    """The mean of each row or channel is over the axes behind."""
    first = int(s.attribute("begin_norm_axis", 1)) if s.op.type == "layer_norm" else 2
    shape = s.shape(s.x)
    if not _is_of_input(s) or first >= len(shape):
        return None
    mean = s.reduce("mean", s.x, range(first, len(shape)), keep=True)
    return s.copy_with_input(s.binary("sub", s.x, mean))


def _centre_groups(s: Sketch) -> dict[str, str] | None:
    shape = s.shape(s.x)
    if not _is_of_input(s) or min(shape, default=0) < 1:
        return None
    groups = int(s.attribute("groups", 1))
    x = s.reshape(s.x, [shape[0], groups, prod(shape[1:]) // groups])
    x = s.binary("sub", x, s.reduce("mean", x, [2], keep=True))
    return s.copy_with_input(s.reshape(x, shape))


def _is_of_input(s: Sketch) -> bool:
    """Whether the norm is of an input of the network, and its mean is not read."""
    if any(s.result(slot) and s.is_used(slot) for slot in _MEANS):
        return False
    maker = s.maker(s.x)
    while maker is not None and maker.type in _MOVING:
        maker = s.maker(argument(maker.inputs, "X") or argument(maker.inputs, "Input"))
    return maker is not None and bool(maker.type == "feed")


_FORMULAS: dict[str, Formula] = {
    "group_norm": _centre_groups,
    "instance_norm": _centre,
    "layer_norm": _centre,
}

REWRITE = rewrite_by_formula(RewriteStage.FORMULAS, _FORMULAS, LARGE_MEANS)
