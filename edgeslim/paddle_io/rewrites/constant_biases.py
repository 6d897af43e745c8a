"""Constants added behind a convolution or a product with weights: biases, or kept apart.

``lite_conv_elementwise_fuse_pass`` and ``lite_fc_fuse_pass`` of Paddle-Lite 2.13 match every
parameter that is added there, and look at its shape only afterwards. Where it is no bias they
forget what they were looking for, and leave the graph half changed where there is anything
else to fuse (``conv_elementwise_fuser.cc``): `opt` aborts. And one of as many elements as there
are channels is taken for a bias whatever axis it is added along.

What is one number or one for each channel is written as the bias that it is.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgeslim.opspec import Shape
from edgeslim.paddle_io.block_edits import (
    argument,
    attribute,
    barrier,
    insert_operators,
    readers_of,
    set_attribute,
    shape_of,
)
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets import Law
from edgeslim.targets.optimizer import CONSTANTS_NO_BIAS, CONSTANTS_TAKEN_FOR_BIASES

__all__ = ["REWRITE"]

_CONVOLUTIONS = {"conv2d", "depthwise_conv2d", "conv2d_transpose"}
_PRODUCTS = {"mul", "matmul", "matmul_v2"}
_AXIS_OF_CHANNELS = 1


def _apply(draft: Draft) -> None:
    block = draft.block
    view = BlockView(block)
    readers, parameters = readers_of(block), persistent_tensors(draft.program)
    behind: dict[str, int] = {}
    before: dict[int, Any] = {}
    for index, op in enumerate(block.ops):
        result, axis = _start(op, block, parameters)
        if result:
            behind[result] = axis
            continue
        source = argument(op.inputs, "X")
        if source not in behind or readers[source] > 1:
            continue
        axis = behind[source]
        if op.type == "batch_norm" and axis == _AXIS_OF_CHANNELS:
            behind[argument(op.outputs, "Y")] = axis
        elif op.type == "elementwise_add" and argument(op.inputs, "Y") in parameters:
            operator = view.operator(op)
            law = _written(draft, op, axis, parameters)
            if law is not None:
                draft.note(law, operator)
            if law is CONSTANTS_NO_BIAS:
                before[index] = barrier(block, op, "X")
                continue
            if axis == _AXIS_OF_CHANNELS:
                behind[argument(op.outputs, "Out")] = axis
    insert_operators(block, before)


def _start(op: Any, block: Any, parameters: dict[str, Shape]) -> tuple[str, int]:  # noqa: ANN401
    """What a convolution or product with weights makes, and the axis of its channels."""
    if op.type in _CONVOLUTIONS:
        return argument(op.outputs, "Output"), _AXIS_OF_CHANNELS
    if op.type in _PRODUCTS and len(parameters.get(argument(op.inputs, "Y"), ())) == 2:
        result = argument(op.outputs, "Out")
        return result, len(shape_of(block, result)) - 1
    return "", 0


def _written(
    draft: Draft,
    op: Any,  # noqa: ANN401 - an OpDesc
    axis: int,
    parameters: dict[str, Shape],
) -> Law | None:
    """Writes a constant as a bias if it can be one; the law that it met, or none."""
    block, name = draft.block, argument(op.inputs, "Y")
    result, added = shape_of(block, argument(op.inputs, "X")), parameters[name]
    if result != shape_of(block, argument(op.outputs, "Out")):
        return CONSTANTS_NO_BIAS
    start = int(attribute(op, "axis", -1))
    start = len(result) - len(added) if start == -1 else start
    channels = result[axis]
    if start == axis and added == (channels,):
        return None
    aligned = (1,) * start + added + (1,) * (len(result) - start - len(added))
    wanted = tuple(channels if place == axis else 1 for place in range(len(result)))
    value = draft.value(name)
    if (aligned != wanted and math.prod(added) != 1) or value is None:
        return CONSTANTS_NO_BIAS
    bias = np.broadcast_to(value.reshape(-1), (channels,)).copy()
    slot = next(each for each in op.inputs if each.parameter == "Y")
    slot.arguments[0] = draft.add_parameter(f"{name}.bias", bias, framework().VarType.FP32)
    set_attribute(op, "axis", axis)
    return CONSTANTS_TAKEN_FOR_BIASES


REWRITE = Rewrite(stage=Stage.BIASES, apply=_apply)
