"""Pooling in forms that every kernel computes correctly, by the law that an operator meets.

The general kernel for Arm is correct; it is chosen wherever strides or sides differ. Square windows
with strides of 1 have correct kernels of their own if they are 5 wide with a padding of 2, or 3
wide with a padding of 1, and consecutive pooling over them is pooling over larger windows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from edgeslim.paddle_io.block_edits import argument, replace_operators
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Rewrite, RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets import Law
from edgeslim.targets.pools import (
    ADAPTIVE_WINDOWS,
    COUNTED_PADDING,
    EMPTY_WINDOWS,
    FEW_COLUMNS,
    SHARED_PADDING,
    SHARED_WEIGHT,
    Pool,
    pool_of,
)

__all__ = ["REWRITE"]

_LOWEST = float(np.finfo(np.float32).min)
_UNUSED_STRIDES = (1, 2)
"""Strides that no special kernel is for; adaptive pooling ignores them."""


def _pool_adaptively(s: Sketch, pool: Pool) -> str:
    if pool.windows == pool.extents:
        return s.identity(s.x)
    return _pool(s, s.x, pool, strides=_UNUSED_STRIDES, adaptive=True)


def _average_exclusively(s: Sketch, pool: Pool) -> str:
    """Sums do not depend on a padding with 0; only the numbers that they are divided by do."""
    if 0 in (*pool.counts_inside(0), *pool.counts_inside(1)):  # an average of no elements is NaN
        average = _pool_padded(s, pool, 0.0)
        inside = np.full(pool.output, math.prod(pool.windows))
    else:
        average = _pool(s, s.x, pool)
        inside = np.outer(pool.counts_inside(0), pool.counts_inside(1))
    counted = np.outer(pool.paddle_counts(0), pool.paddle_counts(1))
    return s.binary("mul", average, s.parameter(inside / np.where(counted, counted, 1)))


def _pool_padded(s: Sketch, pool: Pool, value: float = _LOWEST) -> str:
    (top, left), (bottom, right), (rows, columns) = pool.before, pool.needed_after, pool.extents
    padded = s.write(
        "pad2d",
        {"X": s.x},
        (*s.shape(s.x)[:2], top + rows + bottom, left + columns + right),
        paddings=(top, bottom, left, right),
        mode="constant",
        pad_value=value,
        data_format="NCHW",
    )
    return _pool(s, padded, pool, paddings=(0, 0, 0, 0))


def _pool_repeatedly(s: Sketch, pool: Pool) -> str:
    (window, _), (padding, _) = pool.windows, pool.before
    if window == 1:
        return s.identity(s.x)
    fives, threes = divmod(padding, 2)
    if window != 2 * padding + 1 or window < 7 or (threes and min(pool.extents) <= 3):
        return _pool_columns_and_rows(s, pool)
    x = s.x
    for side in (2,) * fives + (1,) * threes:
        x = _pool(s, x, pool, window=(2 * side + 1,) * 2, paddings=(side,) * 4)
    return x


def _pool_columns_and_rows(s: Sketch, pool: Pool) -> str:
    """Right for averages too, since the windows of a row have as many rows inside the input."""
    (height, width), (down, across) = pool.windows, pool.strides
    columns = _pool(
        s,
        s.x,
        pool,
        shape=(*s.shape(s.x)[:2], pool.output[0], pool.extents[1]),
        window=(height, 1),
        strides=(down, 1),
        paddings=(pool.before[0], pool.needed_after[0], 0, 0),
    )
    return _pool(
        s,
        columns,
        pool,
        window=(1, width),
        strides=(1, across),
        paddings=(0, 0, pool.before[1], pool.needed_after[1]),
    )


def _pool_to_few_columns(s: Sketch, pool: Pool) -> str:
    """The general kernel is chosen for a padding after the input, also for one that is not read."""
    bottom, right = pool.needed_after
    if not (bottom or right):
        bottom, right = (
            int((extent - window) % step == 0)
            for extent, window, step in zip(pool.extents, pool.windows, pool.strides, strict=True)
        )
    if not (bottom or right):
        return _pool_columns_and_rows(s, pool)
    return _pool(s, s.x, pool, paddings=(0, bottom, 0, right))


def _pad_two_rows(s: Sketch, pool: Pool) -> str:
    """The general kernel is chosen for a padding of more than one row."""
    return _pool(s, s.x, pool, paddings=(0, 2, 0, pool.needed_after[1]))


def _pool(s: Sketch, x: str, pool: Pool, **others: Any) -> str:  # noqa: ANN401
    """Pooling as before, with averages that leave out the padding, but for some attributes."""
    usual = {
        "shape": s.shape(s.result()),
        "window": pool.windows,
        "strides": pool.strides,
        "paddings": (pool.before[0], pool.needed_after[0], pool.before[1], pool.needed_after[1]),
    }
    return s.pool("max" if pool.is_max else "avg", x, **{**usual, **others})


def _rewrite_for(law: Law, form: Callable[[Sketch, Pool], str]) -> Rewrite:
    def formula(s: Sketch) -> str | None:
        pool = pool_of(s.operator)
        return None if pool is None else form(s, pool)

    return rewrite_by_formula(RewriteStage.AXES, formula, law)


_REWRITES = (
    _rewrite_for(ADAPTIVE_WINDOWS, _pool_adaptively),
    _rewrite_for(COUNTED_PADDING, _average_exclusively),
    _rewrite_for(EMPTY_WINDOWS, _pool_padded),
    _rewrite_for(SHARED_PADDING, _pool_repeatedly),
    _rewrite_for(FEW_COLUMNS, _pool_to_few_columns),
    _rewrite_for(SHARED_WEIGHT, _pad_two_rows),
)
"""In this order: what a rewrite makes may meet the law of a later one."""


def _apply(draft: Draft) -> None:
    for rewrite in _REWRITES:
        rewrite.apply(draft)
    if len(draft.program.blocks) == 1 and any(found.law is SHARED_PADDING for found in draft.noted):
        _compute_once(draft.block)


def _compute_once(block: Any) -> None:  # noqa: ANN401 - a BlockDesc
    """Removes equal pooling of one tensor: windows of 9 and of 13 begin with the same steps."""
    view = BlockView(block)
    outputs = {argument(op.inputs, "X") for op in block.ops if op.type == "fetch"}
    kept: dict[tuple[str, Pool], str] = {}
    other_names: dict[str, str] = {}
    dropped: dict[int, list[Any]] = {}
    for index, op in enumerate(block.ops):
        for slot in op.inputs:
            slot.arguments[:] = [other_names.get(name, name) for name in slot.arguments]
        pool = pool_of(view.operator(op)) if op.type == "pool2d" else None
        result = argument(op.outputs, "Out")
        if pool is None or result in outputs:
            continue
        key = argument(op.inputs, "X"), replace(pool, is_exclusive=pool.is_exclusive or pool.is_max)
        if kept.setdefault(key, result) != result:
            other_names[result] = kept[key]
            dropped[index] = []
    replace_operators(block, dropped)


REWRITE = Rewrite(stage=RewriteStage.AXES, apply=_apply)
