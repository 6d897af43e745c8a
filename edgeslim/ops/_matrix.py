"""What matrix products share."""

from __future__ import annotations

import math

from edgeslim.graph import Node
from edgeslim.ops._channel_flow import Axes, ChannelFlow, Labels
from edgeslim.ops._channel_reshape import reshaped
from edgeslim.ops._channel_rules import read, written
from edgeslim.opspec import OpSpec

__all__ = ["channels", "macs_of_product"]


def macs_of_product(spec: OpSpec, *, weight: str) -> int:
    """Elements of the result times the length of the sums.

    A product of two activations has no ``weight`` slot; the axis of its first input that
    meets the second one is summed over.
    """
    matrix = spec.weights.get(weight, ((),))[0]
    if len(matrix) >= 2:
        return math.prod(spec.output_shape[:-1]) * matrix[-2] * matrix[-1]
    first = {**spec.inputs, **spec.weights}["X"][0]
    turned = bool(spec.attributes.get("trans_x")) and len(first) >= 2
    return math.prod(spec.output_shape) * first[-2 if turned else -1]


def channels(node: Node, flow: ChannelFlow) -> None:
    """The last axis of the first is summed with the first of the second."""
    left, right = (read(node, slot) for slot in _OPERANDS[node.spec.kind])
    attributes = node.spec.attributes
    x, x_shape = flow.axes(left), flow.shape(left)
    columns = attributes.get("x_num_col_dims", attributes.get("in_num_col_dims"))
    if isinstance(columns, int):
        shape = (*x_shape[:columns], math.prod(x_shape[columns:]))
        x, x_shape = reshaped(flow, x, x_shape, shape), shape
    x = _turned(x) if attributes.get("trans_x") or attributes.get("transpose_X") else x
    turn_y = bool(attributes.get("trans_y") or attributes.get("transpose_Y"))
    if right in flow.parameters and len(flow.parameters[right]) >= 2:
        rank = len(flow.parameters[right])
        summed, made = (rank - 1, rank - 2) if turn_y else (rank - 2, rank - 1)
        if x[-1] is not None:
            flow.tie(x[-1], flow.axis(right, summed))
        last: Labels | None = flow.produced(right, made)
    else:
        y = _turned(flow.axes(right)) if turn_y else flow.axes(right)
        if x[-1] is not None or y[max(len(y) - 2, 0)] is not None:
            flow.tie(x[-1], y[max(len(y) - 2, 0)], f"{node.spec.kind} sums over both")
        last = y[-1] if len(y) >= 2 else None
    for bias in node.weights.get("Bias", ()):
        if last is not None:
            flow.tie(last, flow.axis(bias, len(flow.shape(bias)) - 1))
    output = flow.shape(written(node))
    axes: Axes = (*x[:-1], last)
    flow.give(written(node), axes if len(axes) == len(output) else (None,) * len(output))


_OPERANDS = {"fc": ("Input", "W"), "mul": ("X", "Y"), "matmul": ("X", "Y"), "matmul_v2": ("X", "Y")}


def _turned(axes: Axes) -> Axes:
    return (*axes[:-2], axes[-1], axes[-2]) if len(axes) >= 2 else axes
