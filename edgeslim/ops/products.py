"""Matrix products: a fully connected layer where the second factor is a weight."""

from __future__ import annotations

import math

from edgeslim.graph import Node
from edgeslim.ops._channel_flow import Axes, ChannelFlow, Labels
from edgeslim.ops._channel_reshape import reshape_axes
from edgeslim.ops._channel_rules import keep_all, main_output, tensor_in
from edgeslim.ops._kind import OperatorKind
from edgeslim.opspec import Attributes, OpSpec, Shape, Shapes

__all__ = ["KINDS"]


_OPERANDS = {"fc": ("Input", "W"), "mul": ("X", "Y"), "matmul": ("X", "Y"), "matmul_v2": ("X", "Y")}


def _macs(spec: OpSpec) -> int:
    """Elements of the result times the length of the sums.

    Where both factors are activations, the axis of the first that meets the second is summed over.
    """
    matrix = spec.weights.get(_OPERANDS[spec.kind][1], ((),))[0]
    if len(matrix) >= 2:
        return math.prod(spec.output_shape[:-1]) * matrix[-2] * matrix[-1]
    first = {**spec.inputs, **spec.weights}["X"][0]
    turned = bool(spec.attributes.get("trans_x")) and len(first) >= 2
    return math.prod(spec.output_shape) * first[-2 if turned else -1]


def _channels(node: Node, flow: ChannelFlow) -> None:
    """The last axis of the first factor is summed with the last but one of the second."""
    kind, attributes = node.spec.kind, node.spec.attributes
    left, right = (tensor_in(node, slot) for slot in _OPERANDS[kind])
    x, x_shape = flow.axes(left), flow.shape(left)
    columns = attributes.get("x_num_col_dims", attributes.get("in_num_col_dims"))
    if isinstance(columns, int):
        shape = (*x_shape[:columns], math.prod(x_shape[columns:]))
        x, x_shape = reshape_axes(flow, x, x_shape, shape), shape
    output, y_shape = flow.shape(main_output(node)), flow.shape(right)
    rank = max(len(x_shape), len(y_shape))
    if len(y_shape) < 2 or len(output) != (rank if len(x_shape) > 1 else rank - 1):
        keep_all(node, flow)
        return
    turn_x, turn_y = (
        any(attributes.get(name) for name in names)
        for names in (("trans_x", "transpose_X"), ("trans_y", "transpose_Y"))
    )
    if flow.is_weight(right):
        flow.output_channels(right, len(y_shape) - (2 if turn_y else 1))
    y = flow.axes(right)
    x, x_shape = _transpose_last(x, x_shape) if turn_x else (x, x_shape)
    y, y_shape = _transpose_last(y, y_shape) if turn_y else (y, y_shape)
    why = "" if flow.is_weight(right) else f"{kind} sums over both"
    flow.tie(x[-1], y[-2], why)
    for bias in node.weights.get("Bias", ()):
        flow.tie(y[-1], flow.axis(bias, len(flow.shape(bias)) - 1))
    several = _broadcast_axes(
        flow, (x[:-2], x_shape[:-2]), (y[:-2], y_shape[:-2]), f"{kind} meets both"
    )
    flow.set_axes(main_output(node), (*several, *x[-2:-1], y[-1]))


def _broadcast_axes(
    flow: ChannelFlow, some: tuple[Axes, Shape], others: tuple[Axes, Shape], why: str
) -> Axes:
    """Axes before the last two of both factors, broadcast where an extent is 1."""
    rank = max(len(some[1]), len(others[1]))
    result: list[Labels | None] = []
    for place in range(-rank, 0):
        (a, a_size), (b, b_size) = (
            (axes[place], shape[place]) if -place <= len(shape) else (None, 1)
            for axes, shape in (some, others)
        )
        if a_size != 1 and b_size != 1:
            if a is not None or b is not None:
                flow.tie(a, b, why)
            result.append(a if b is not None else None)
        else:
            result.append(b if a_size == 1 else a)
    return tuple(result)


def _transpose_last(axes: Axes, shape: Shape) -> tuple[Axes, Shape]:
    """Axes and shape with the last two axes exchanged."""
    if len(axes) < 2:
        return axes, shape
    return (*axes[:-2], axes[-1], axes[-2]), (*shape[:-2], shape[-1], shape[-2])


def _paddleslim1_flops(spec: OpSpec, *, whole_numbers: bool) -> int:  # noqa: ARG001
    return 2 * _macs(spec)


def _fc_attributes(attributes: Attributes, _inputs: Shapes, _weights: Shapes) -> Attributes:
    """The ceiling of a relu6 only where there is one."""
    keep = dict(attributes)
    if attributes["activation_type"] != "relu6":
        del keep["alpha"]
    return Attributes(keep)


KINDS = (
    OperatorKind(
        kind="fc",
        slots=("Input", "W", "Bias"),
        attributes={
            "in_num_col_dims": 1,
            "activation_type": "",
            "op_type": "matmul_v2",
            "alpha": 6.0,
        },
        normal_form=_fc_attributes,
        macs=_macs,
        paddleslim1_flops=_paddleslim1_flops,
        channels=_channels,
    ),
    # As Paddle 2.0 writes it.
    OperatorKind(
        kind="matmul",
        slots=("X", "Y"),
        attributes={"transpose_X": False, "transpose_Y": False, "alpha": 1.0},
        macs=_macs,
        channels=_channels,
    ),
    OperatorKind(
        kind="matmul_v2",
        slots=("X", "Y"),
        attributes={"trans_x": False, "trans_y": False},
        macs=_macs,
        paddleslim1_flops=_paddleslim1_flops,
        channels=_channels,
    ),
    # As Paddle 1.x writes fully connected layers.
    OperatorKind(
        kind="mul",
        slots=("X", "Y"),
        attributes={"x_num_col_dims": 1, "y_num_col_dims": 1},
        macs=_macs,
        paddleslim1_flops=_paddleslim1_flops,
        channels=_channels,
    ),
)
