"""Pooling in forms that every kernel computes, by the law that an operator meets.

What the general kernel of Arm is given, it computes; it is taken wherever strides or sides
differ. Of square windows one step apart, those of 5 with two elements of padding and those of 3
with one have kernels of their own, and one after another they are larger windows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from edgeslim.paddle_io.block_edits import argument, replace_operators
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._composing import rewritten
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
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
_UNREAD = (1, 2)
"""Strides that no kernel for one kind of window has; adaptive pooling does not read them."""


def _adaptive(s: Sketch, pool: Pool) -> str:
    if pool.windows == pool.extents:
        return s.same(s.x)
    return _pooled(s, s.x, pool, strides=_UNREAD, adaptive=True)


def _without_padding(s: Sketch, pool: Pool) -> str:
    """Sums are the same with nought around a picture; only what they are divided by differs."""
    if 0 in (*pool.counts_inside(0), *pool.counts_inside(1)):  # an average of nothing is no number
        average = _of_padded_picture(s, pool, 0.0)
        inside = np.full(pool.output, math.prod(pool.windows))
    else:
        average = _pooled(s, s.x, pool)
        inside = np.outer(pool.counts_inside(0), pool.counts_inside(1))
    counted = np.outer(pool.paddle_counts(0), pool.paddle_counts(1))
    return s.both("mul", average, s.parameter(inside / np.where(counted, counted, 1)))


def _of_padded_picture(s: Sketch, pool: Pool, value: float = _LOWEST) -> str:
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
    return _pooled(s, padded, pool, paddings=(0, 0, 0, 0))


def _one_after_another(s: Sketch, pool: Pool) -> str:
    (window, _), (padding, _) = pool.windows, pool.before
    if window == 1:
        return s.same(s.x)
    fives, threes = divmod(padding, 2)
    if window != 2 * padding + 1 or window < 7 or (threes and min(pool.extents) <= 3):
        return _rows_of_columns(s, pool)
    made = s.x
    for side in (2,) * fives + (1,) * threes:
        made = _pooled(s, made, pool, window=(2 * side + 1,) * 2, paddings=(side,) * 4)
    return made


def _rows_of_columns(s: Sketch, pool: Pool) -> str:
    """Of averages too, since as much of each window in a row is in the picture."""
    (height, width), (down, across) = pool.windows, pool.strides
    columns = _pooled(
        s,
        s.x,
        pool,
        shape=(*s.shape(s.x)[:2], pool.output[0], pool.extents[1]),
        window=(height, 1),
        strides=(down, 1),
        paddings=(pool.before[0], pool.needed_after[0], 0, 0),
    )
    return _pooled(
        s,
        columns,
        pool,
        window=(1, width),
        strides=(1, across),
        paddings=(0, 0, pool.before[1], pool.needed_after[1]),
    )


def _onto_few_columns(s: Sketch, pool: Pool) -> str:
    """By the general kernel, if there is padding behind the picture, or some that none reads."""
    bottom, right = pool.needed_after
    if not (bottom or right):
        bottom, right = (
            int((extent - window) % step == 0)
            for extent, window, step in zip(pool.extents, pool.windows, pool.strides, strict=True)
        )
    if not (bottom or right):
        return _rows_of_columns(s, pool)
    return _pooled(s, s.x, pool, paddings=(0, bottom, 0, right))


def _with_a_row_left(s: Sketch, pool: Pool) -> str:
    """By the general kernel, since more than one row is padded."""
    return _pooled(s, s.x, pool, paddings=(0, 2, 0, pool.needed_after[1]))


def _pooled(s: Sketch, x: str, pool: Pool, **others: Any) -> str:  # noqa: ANN401
    """As the operator was, without the padding in averages, but for some attributes."""
    usual = {
        "shape": s.shape(s.result()),
        "window": pool.windows,
        "strides": pool.strides,
        "paddings": (pool.before[0], pool.needed_after[0], pool.before[1], pool.needed_after[1]),
    }
    return s.pooled("max" if pool.is_max else "avg", x, **{**usual, **others})


def _formula(form: Callable[[Sketch, Pool], str], law: Law) -> Callable[[Draft], None]:
    def formula(s: Sketch) -> str | None:
        pool = pool_of(s.described)
        return None if pool is None else form(s, pool)

    return rewritten({"pool2d": formula}, law)


_FORMS = (
    (ADAPTIVE_WINDOWS, _adaptive),
    (COUNTED_PADDING, _without_padding),
    (EMPTY_WINDOWS, _of_padded_picture),
    (SHARED_PADDING, _one_after_another),
    (FEW_COLUMNS, _onto_few_columns),
    (SHARED_WEIGHT, _with_a_row_left),
)
"""By the law, in their order: a form may meet a law that comes after its own."""


def _apply(draft: Draft) -> None:
    for law, form in _FORMS:
        _formula(form, law)(draft)
    if len(draft.program.blocks) == 1 and any(found.law is SHARED_PADDING for found in draft.noted):
        _compute_once(draft.block)


def _compute_once(block: Any) -> None:  # noqa: ANN401 - a BlockDesc
    """Equal pools of one tensor, as those are that windows of 9 and of 13 begin with."""
    view = BlockView(block)
    fetched = {argument(op.inputs, "X") for op in block.ops if op.type == "fetch"}
    kept: dict[tuple[str, Pool], str] = {}
    other_names: dict[str, str] = {}
    again: dict[int, list[Any]] = {}
    for place, op in enumerate(block.ops):
        for slot in op.inputs:
            names = [other_names.get(name, name) for name in slot.arguments]
            slot.arguments[:] = names
        pool = pool_of(view.operator(op)) if op.type == "pool2d" else None
        result = argument(op.outputs, "Out")
        if pool is None or result in fetched:
            continue
        key = argument(op.inputs, "X"), replace(pool, is_exclusive=pool.is_exclusive or pool.is_max)
        if kept.setdefault(key, result) != result:
            other_names[result] = kept[key]
            again[place] = []
    replace_operators(block, again)


REWRITE = Rewrite(stage=Stage.AXES, apply=_apply)
