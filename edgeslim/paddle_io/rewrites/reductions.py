"""Reductions over any axes, as consecutive reductions that every kernel has.

Two neighbouring axes are reduced together if kernels have a branch for them. If they have none for
a single axis either, neighbouring axes are merged by a reshape, those that stay as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.reductions import (
    DEEP_REDUCTIONS,
    LOST_AXES,
    LOST_BOOLEANS,
    has_branch,
    reduced_axes,
)

__all__ = ["REWRITE"]

_ALL_AT_ONCE = {"all", "any", "prod", "sum"}


def _reduce(s: Sketch) -> str | None:
    kind, rank = s.op.type.removeprefix("reduce_"), len(s.shape(s.x))
    axes, keep = reduced_axes(s.operator), bool(s.attribute("keep_dim", False))
    if len(axes) == rank and kind in _ALL_AT_ONCE:
        return s.reduce(kind, s.x, axes, keep=keep)
    if len(axes) == rank and kind == "mean" and min(s.shape(s.x)) > 0:
        return s.scale(s.reduce("sum", s.x, axes, keep=keep), 1 / math.prod(s.shape(s.x)))
    if len(axes) == rank and kind in {"max", "min"} and rank in {3, 4}:
        return s.reduce(kind, s.x, (), keep=keep)
    steps = _steps(s.op.type, rank, axes, keep=keep)
    if not steps:
        return _reduce_merged(s, kind, axes)
    x = s.x
    for step in steps:
        x = s.reduce(kind, x, step, keep=keep)
    return x


def _steps(kind: str, rank: int, axes: Sequence[int], *, keep: bool) -> list[tuple[int, ...]]:
    """The axes of consecutive reductions, the last ones first; none if kernels have no such."""
    steps: list[tuple[int, ...]] = []
    left = tuple(axes)
    while left:
        step = next((part for part in (left[-2:], left[-1:]) if has_branch(kind, rank, part)), ())
        if not step:
            return []
        steps.append(step)
        left = left[: -len(step)]
        rank -= 0 if keep else len(step)
    return steps


def _reduce_merged(s: Sketch, kind: str, axes: Sequence[int]) -> str | None:
    extents = list(s.shape(s.x))
    if min(extents) < 0:
        return None
    x = s.x
    for first, end in reversed(_runs(axes)):
        parts = (extents[:first], extents[first:end], extents[end:])
        # Products have branches for four axes only.
        sizes = [*map(math.prod, parts), 1] if kind == "prod" else [*map(math.prod, parts)]
        x = s.reduce(kind, s.reshape(x, sizes), [1], keep=False)
        del extents[first:end]
    return s.reshape(x, s.shape(s.result()) or (1,))


def _runs(axes: Sequence[int]) -> list[tuple[int, int]]:
    """Runs of neighbouring axes: the first axis, and the one after the last."""
    numbered = groupby(enumerate(axes), key=lambda pair: pair[1] - pair[0])
    runs = [[axis for _, axis in run] for _, run in numbered]
    return [(run[0], run[-1] + 1) for run in runs]


_LAWS = (DEEP_REDUCTIONS, LOST_AXES, LOST_BOOLEANS)

REWRITE = rewrite_by_formula(RewriteStage.AXES, _reduce, *_LAWS)
