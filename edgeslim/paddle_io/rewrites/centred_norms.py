"""Norms of a network's inputs, from which the mean is taken off before.

The kernels of Paddle-Lite 2.13 take the mean of the squares less the square of the mean for the
variance. Where the mean is far larger than the deviation, both are nearly the same number and
little is left of the difference but their rounding, which may be below 0; then all is NaN, as of a
picture that is grey everywhere. Any number taken off before leaves the norm as it is, and the mean
leaves it exact (Chan, Golub and LeVeque, *Algorithms for computing the sample variance*, 1983).

Inputs are as the world has them, with means of any size, and thin. Between layers it would take
7 to 20 % of a network's time, and there it is left off.
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
"""Kinds that leave an input what it is, at other places or by another scale."""


def _centred(s: Sketch) -> dict[str, str] | None:
    """The mean of each row, or channel, is over the axes behind."""
    first = int(s.attribute("begin_norm_axis", 1)) if s.op.type == "layer_norm" else 2
    shape = s.shape(s.x)
    if not _is_open_to_it(s) or first >= len(shape):
        return None
    mean = s.reduce("mean", s.x, range(first, len(shape)), keep=True)
    return s.copy_with_input(s.binary("sub", s.x, mean))


def _centred_by_groups(s: Sketch) -> dict[str, str] | None:
    shape = s.shape(s.x)
    if not _is_open_to_it(s) or min(shape, default=0) < 1:
        return None
    groups = int(s.attribute("groups", 1))
    x = s.reshape(s.x, [shape[0], groups, prod(shape[1:]) // groups])
    x = s.binary("sub", x, s.reduce("mean", x, [2], keep=True))
    return s.copy_with_input(s.reshape(x, shape))


def _is_open_to_it(s: Sketch) -> bool:
    """Whether it is of an input of the network, and nobody asks for the mean."""
    if any(s.result(slot) and s.is_used(slot) for slot in _MEANS):
        return False
    maker = s.maker(s.x)
    while maker is not None and maker.type in _MOVING:
        maker = s.maker(argument(maker.inputs, "X") or argument(maker.inputs, "Input"))
    return maker is not None and bool(maker.type == "feed")


_FORMULAS: dict[str, Formula] = {
    "group_norm": _centred_by_groups,
    "instance_norm": _centred,
    "layer_norm": _centred,
}

REWRITE = rewrite_by_formula(RewriteStage.FORMULAS, _FORMULAS, LARGE_MEANS)
