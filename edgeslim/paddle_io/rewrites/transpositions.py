"""Transpositions of truth values as those of whole numbers, and of many axes as of fewer.

The kernels of Paddle-Lite 2.13 have room for six axes, and none of truth values. Axes that stay
behind each other count as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.transpositions import DEEP_TRANSPOSITIONS, TURNED_BOOLEANS

__all__ = ["REWRITE"]

_MOST_AXES = 6


def _turned(s: Sketch) -> str | None:
    types, order = framework().VarType, [int(axis) for axis in s.attribute("axis", ())]
    runs = _runs(order)
    if len(runs) > _MOST_AXES:
        return None
    is_truth = s.element_type(s.x) == types.BOOL
    x = s.cast(s.x, types.INT32) if is_truth else s.x
    shape, in_order = s.shape(s.x), sorted(runs)
    if len(runs) == len(order):
        made = s.transpose(x, order)
    else:
        folded = s.reshape(x, [prod(shape[axis] for axis in run) for run in in_order])
        turned = s.transpose(folded, [in_order.index(run) for run in runs])
        made = s.reshape(turned, [shape[axis] for axis in order])
    return s.cast(made, types.BOOL) if is_truth else made


def _runs(order: Sequence[int]) -> list[list[int]]:
    """Axes that follow each other in the same way before and behind, together."""
    runs: list[list[int]] = []
    for axis in order:
        if runs and runs[-1][-1] + 1 == axis:
            runs[-1].append(axis)
        else:
            runs.append([axis])
    return runs


REWRITE = rewrite_by_formula(RewriteStage.AXES, _turned, DEEP_TRANSPOSITIONS, TURNED_BOOLEANS)
