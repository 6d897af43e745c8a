"""Transpositions of booleans as those of integers, and of many axes as of fewer.

The kernels of Paddle-Lite 2.13 have room for six axes, and there is none for booleans. Axes that
stay together are merged.
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


def _transpose(s: Sketch) -> str | None:
    types, order = framework().VarType, [int(axis) for axis in s.attribute("axis", ())]
    runs = _runs(order)
    if len(runs) > _MOST_AXES:
        return None
    is_boolean = s.element_type(s.x) == types.BOOL
    x = s.cast(s.x, types.INT32) if is_boolean else s.x
    shape, sorted_runs = s.shape(s.x), sorted(runs)
    if len(runs) == len(order):
        result = s.transpose(x, order)
    else:
        merged = s.reshape(x, [prod(shape[axis] for axis in run) for run in sorted_runs])
        transposed = s.transpose(merged, [sorted_runs.index(run) for run in runs])
        result = s.reshape(transposed, [shape[axis] for axis in order])
    return s.cast(result, types.BOOL) if is_boolean else result


def _runs(order: Sequence[int]) -> list[list[int]]:
    """Runs of axes that follow each other before and after the transposition."""
    runs: list[list[int]] = []
    for axis in order:
        if runs and runs[-1][-1] + 1 == axis:
            runs[-1].append(axis)
        else:
            runs.append([axis])
    return runs


REWRITE = rewrite_by_formula(RewriteStage.AXES, _transpose, DEEP_TRANSPOSITIONS, TURNED_BOOLEANS)
