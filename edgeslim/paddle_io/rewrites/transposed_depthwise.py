"""Transposed depthwise convolutions kept off the runtime's kernels for them.

Those of Paddle-Lite 2.13 for ``x86`` and ``arm`` (``conv_transpose_depthwise.cc``) give results
that depend on what ran before. They are taken where each channel has a filter of its own, that
is as wide as high, with strides of 1 or 2 and without dilation. A column of zeros beside each
filter, and one column of the result more that is cut off, is the same convolution, which the
general kernel computes.
"""

from __future__ import annotations

import numpy as np

from edgeslim.paddle_io.block_edits import argument, set_attribute
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets import Operator
from edgeslim.targets.convolutions import TRANSPOSED_DEPTHWISE

__all__ = ["REWRITE"]


def _apply(draft: Draft) -> None:
    view = BlockView(draft.block)
    widened: dict[str, str] = {}
    for op in draft.block.ops:
        operator = view.operator(op)
        if not TRANSPOSED_DEPTHWISE.is_met_by(operator):
            continue
        name = argument(op.inputs, "Filter")
        value, paddings = draft.value(name), _paddings(operator)
        if value is None or paddings is None:
            continue
        draft.note(TRANSPOSED_DEPTHWISE, operator)
        if name not in widened:
            wide = np.pad(value, ((0, 0), (0, 0), (0, 0), (0, 1)))
            widened[name] = draft.add_parameter(f"{name}.wide", wide, framework().VarType.FP32)
        next(each for each in op.inputs if each.parameter == "Filter").arguments[0] = widened[name]
        set_attribute(op, "paddings", (*paddings[:3], paddings[3] + 1))
        set_attribute(op, "padding_algorithm", "EXPLICIT")


def _paddings(operator: Operator) -> tuple[int, ...] | None:
    """Above, below, left and right; None if they follow from the size by a rule not known."""
    algorithm = str(operator.given("padding_algorithm", "EXPLICIT"))
    if algorithm == "VALID":
        return (0, 0, 0, 0)
    if algorithm == "SAME":
        sizes, kernel = operator.shape("Input")[2:], operator.shape("Filter")[2:]
        strides = operator.given("strides", (1, 1))
        found: list[int] = []
        for size, extent, stride in zip(sizes, kernel, strides, strict=True):
            whole = max((-(-size // stride) - 1) * stride + extent - size, 0)
            found += [whole // 2, whole - whole // 2]
        return tuple(found)
    if algorithm != "EXPLICIT":
        return None
    given = tuple(operator.given("paddings", (0, 0)))
    return (given[0], given[0], given[1], given[1]) if len(given) == 2 else given


REWRITE = Rewrite(stage=Stage.OPERATORS, apply=_apply)
