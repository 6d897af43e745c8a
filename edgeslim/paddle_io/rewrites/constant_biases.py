"""Constants added behind a convolution or a product with weights: as biases, or kept apart.

``lite_conv_elementwise_fuse_pass`` and ``lite_fc_fuse_pass`` of Paddle-Lite 2.13 match every
parameter that is added there, and check its shape only afterwards. If it is no bias, they
return early and leave the graph half changed if there is anything else to fuse
(``conv_elementwise_fuser.cc``): `opt` aborts. And a constant with as many elements as there are
channels is taken for a bias whatever axis it is added along.

A constant of one number, or one number for each channel, is rewritten as the bias that it is.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgeslim.opspec import Shape
from edgeslim.paddle_io.block_edits import (
    argument,
    attribute,
    readers_of,
    set_argument,
    set_attribute,
    shape_of,
)
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Barriers, Rewrite, RewriteStage
from edgeslim.targets import Law
from edgeslim.targets.optimizer import CONSTANTS_NO_BIAS, CONSTANTS_TAKEN_FOR_BIASES

__all__ = ["REWRITE"]

_CONVOLUTIONS = {"conv2d", "depthwise_conv2d", "conv2d_transpose"}
_PRODUCTS = {"mul", "matmul", "matmul_v2"}
_AXIS_OF_CHANNELS = 1


def _apply(draft: Draft) -> None:
    block, barriers = draft.block, Barriers(draft)
    view, readers = BlockView(block), readers_of(block)
    parameters = persistent_tensors(draft.program)
    axes: dict[str, int] = {}
    for index, op in enumerate(block.ops):
        result, axis = _channels(op, block, parameters)
        if result:
            axes[result] = axis
            continue
        source = argument(op.inputs, "X")
        if source not in axes or readers[source] > 1:
            continue
        axis = axes[source]
        if op.type == "batch_norm" and axis == _AXIS_OF_CHANNELS:
            axes[argument(op.outputs, "Y")] = axis
        elif op.type == "elementwise_add" and argument(op.inputs, "Y") in parameters:
            operator = view.operator(op)
            law = _make_bias(draft, op, axis, parameters)
            if law is not None:
                draft.note(law, operator)
            if law is CONSTANTS_NO_BIAS:
                barriers.add(index, "X")
            elif axis == _AXIS_OF_CHANNELS:
                axes[argument(op.outputs, "Out")] = axis
    barriers.insert()


def _channels(
    op: Any,  # noqa: ANN401
    block: Any,  # noqa: ANN401
    parameters: dict[str, Shape],
) -> tuple[str, int]:
    """The result of a convolution or product with weights, and the axis of its channels."""
    if op.type in _CONVOLUTIONS:
        return argument(op.outputs, "Output"), _AXIS_OF_CHANNELS
    if op.type in _PRODUCTS and len(parameters.get(argument(op.inputs, "Y"), ())) == 2:
        result = argument(op.outputs, "Out")
        return result, len(shape_of(block, result)) - 1
    return "", 0


def _make_bias(
    draft: Draft,
    op: Any,  # noqa: ANN401 - an OpDesc
    axis: int,
    parameters: dict[str, Shape],
) -> Law | None:
    """Makes a constant a bias if it can be one; returns the law that it met, if any."""
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
    set_argument(op.inputs, "Y", draft.add_parameter(f"{name}.bias", bias))
    set_attribute(op, "axis", axis)
    return CONSTANTS_TAKEN_FOR_BIASES


REWRITE = Rewrite(stage=RewriteStage.BIASES, apply=_apply)
