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
from edgeslim.window_sides import window_sides

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
    algorithm = str(operator.attribute("padding_algorithm", "EXPLICIT"))
    if algorithm not in {"EXPLICIT", "SAME", "VALID"}:
        return None
    return window_sides(
        algorithm,
        operator.attribute("paddings", (0, 0)),
        operator.shape("Input")[2:],
        operator.shape("Filter")[2:],
        operator.attribute("strides", (1, 1)),
    )


REWRITE = Rewrite(stage=Stage.OPERATORS, apply=_apply)
