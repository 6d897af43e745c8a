"""Norms that the kernel gets wrong, written out.

``p_norm`` of Paddle-Lite 2.13 adds up powers of values and not of their magnitudes, and takes
the order as a whole number (``lite/backends/host/math/norm.cc``): right for even orders and for
0, and for all others of anything negative, of a broken order and of infinity it is wrong without
a word. There is no ``frobenius_norm``.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from edgeslim.opspec import Attribute
from edgeslim.paddle_io.block_edits import (
    argument,
    attribute,
    new_operator,
    new_variable,
    shape_of,
)
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage

__all__ = ["REWRITE"]


def _write_out(draft: Draft) -> Counter[str]:
    block = draft.block
    done: Counter[str] = Counter()
    for place in reversed(range(len(block.ops))):
        op = block.ops[place]
        if op.type == "frobenius_norm" or (
            op.type == "p_norm" and not _is_even(float(attribute(op, "porder", 2.0)))
        ):
            done["norms written out"] += 1
            written = _operators(block, op)
            del block.ops[place]
            for each in reversed(written):
                block.ops.insert(place, each)
    return done


def _is_even(order: float) -> bool:
    return math.isfinite(order) and order >= 0 and order % 2 == 0


def _operators(block: Any, op: Any) -> list[Any]:  # noqa: ANN401
    """What computes a norm: magnitudes, their powers, a sum, and its root."""
    source, result = argument(op.inputs, "X"), argument(op.outputs, "Out")
    order = 2.0 if op.type == "frobenius_norm" else float(attribute(op, "porder", 2.0))
    shape, small = shape_of(block, source), shape_of(block, result)

    def step(kind: str, source: str, extents: tuple[int, ...], **more: Attribute) -> Any:  # noqa: ANN401
        name = new_variable(block, f"{result}.{kind}", extents)
        return new_operator(kind, {"X": [source]}, {"Out": [name]}, more)

    summed = {math.inf: "reduce_max", -math.inf: "reduce_min"}.get(order, "reduce_sum")
    written = [step("abs", source, shape)]
    if math.isfinite(order) and order != 1:
        last = argument(written[-1].outputs, "Out")
        written.append(
            step("square", last, shape) if order == 2 else step("pow", last, shape, factor=order)
        )
    last = argument(written[-1].outputs, "Out")
    written.append(step(summed, last, small, **_axes(op, len(shape))))
    if math.isfinite(order) and order != 1:
        last = argument(written[-1].outputs, "Out")
        written.append(
            step("sqrt", last, small) if order == 2 else step("pow", last, small, factor=1 / order)
        )
    written[-1].outputs[0].arguments[0] = result
    return written


def _axes(op: Any, rank: int) -> dict[str, Attribute]:  # noqa: ANN401
    keep = bool(attribute(op, "keepdim", attribute(op, "keep_dim", False)))
    if op.type == "frobenius_norm":
        axes = tuple(int(axis) for axis in attribute(op, "dim", ()))
        every = bool(attribute(op, "reduce_all", False)) or not axes
    else:
        axes = (int(attribute(op, "axis", -1)),)
        every = bool(attribute(op, "asvector", False))
    axes = tuple(range(rank)) if every else tuple(axis % rank for axis in axes)
    return {"dim": axes, "keep_dim": keep, "reduce_all": every}


REWRITE = Rewrite(stage=Stage.OPERATORS, apply=_write_out)
