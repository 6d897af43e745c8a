"""Program descriptions with simulated quantization of activations and weights.

Before a quantized operator there are two others: one quantizes its activation by a stored scale,
one its weight by a scale that is computed from the weight. ``opt`` removes them
again, keeps the scales and the weights as integers of 8 bits, and gives the operator
an int8 kernel (Paddle-Lite, ``quant_dequant_op_fuser.cc``). It knows three
kinds of such operators, and for activations only the one with a stored scale.

Batch norms stay where they are: ``opt`` fuses them into the convolution before them after
the weights have been quantized, by changing the scale of each channel (``conv_bn_fuser.cc``).
So the weights that are quantized are those before the batch norm, and its factors do not
reduce their precision.

``paddle.quantization`` is not used: it wraps layers of a network, and a saved program has none;
its ``QAT.convert`` fails in Paddle 3.3 without the new kind of program, and the older
``ImperativeQuantAware`` has to trace the network again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgeslim.errors import UsageError
from edgeslim.opspec import Attribute, Shape
from edgeslim.paddle_io.block_edits import (
    argument,
    find_variable,
    new_operator,
    new_variable,
    set_argument,
)
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.proto import framework
from edgeslim.targets.quantized import ROUNDS_ACTIVATIONS, ROUNDS_WEIGHTS

__all__ = [
    "CONVOLUTIONS",
    "PRODUCTS",
    "ROUNDING_KINDS",
    "SCALE_SLOTS",
    "STORED_SCALE_KIND",
    "QuantizableOperator",
    "insert_rounding",
    "is_quantized",
    "quantizable_operators",
    "scale_name",
    "without_rounding",
]

(STORED_SCALE_KIND,) = ROUNDS_ACTIVATIONS
_WEIGHT, _WEIGHT_BY_CHANNEL = ROUNDS_WEIGHTS
ROUNDING_KINDS = frozenset({STORED_SCALE_KIND, _WEIGHT, _WEIGHT_BY_CHANNEL})
"""The kinds of operators that simulate quantization."""

SCALE_SLOTS = ("InScale", "OutScale")
"""Slots of these operators that hold scales."""

CONVOLUTIONS = frozenset({"conv2d", "depthwise_conv2d"})
_TRANSPOSED = frozenset({"trans_y", "transpose_Y"})
PRODUCTS = frozenset({"mul", "matmul", "matmul_v2"})
_HALF_AWAY_FROM_ZERO = 1
"""The ``round_type`` for which Paddle rounds weights as ``opt`` does (``std::round``)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class QuantizableOperator:
    """An operator that multiplies activations by a weight.

    Args:
        index: The operator's index in the program.
        kind: Kind of the operator.
        activation_slot: Slot in which it reads the activation.
        activation: Name of the activation.
        weight_slot: Slot in which it reads the weight.
        weight: Name of the weight.
        axis: Axis of the weight's output channels.
        channels: Number of output channels.
        output: Name of the tensor that it writes.
    """

    index: int
    kind: str
    activation_slot: str
    activation: str
    weight_slot: str
    weight: str
    axis: int
    channels: int
    output: str


def quantizable_operators(program: Any, skip: Sequence[str] = ()) -> list[QuantizableOperator]:  # noqa: ANN401
    """The operators of a program for which ``opt`` has int8 kernels, in order.

    Args:
        program: A ``ProgramDesc`` that is not quantized yet.
        skip: Regular expressions; operators are left out if one is found in the name of their
            weight or output.

    Raises:
        UsageError: An expression is found in no name.
    """
    weights = persistent_tensors(program)
    found = [
        operator
        for index, op in enumerate(program.blocks[0].ops)
        if (operator := _quantizable_operator(index, op, weights)) is not None
    ]
    left_out: set[int] = set()
    for text in skip:
        pattern = re.compile(text)
        matching = {p.index for p in found if pattern.search(p.weight) or pattern.search(p.output)}
        if not matching:
            raise UsageError(
                f"skip {text!r} is found in no name of a weight or output that could be "
                f"quantized; there are {_some(found)}"
            )
        left_out |= matching
    return [operator for operator in found if operator.index not in left_out]


def _some(operators: Sequence[QuantizableOperator]) -> str:
    names = [f"{operator.weight} (of {operator.output})" for operator in operators]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _quantizable_operator(
    index: int,
    op: Any,  # noqa: ANN401
    weights: Mapping[str, Shape],
) -> QuantizableOperator | None:
    if op.type in CONVOLUTIONS:
        activation_slot, weight_slot, result, axis, rank = "Input", "Filter", "Output", 0, 4
    elif op.type in PRODUCTS:
        activation_slot, weight_slot, result, axis, rank = "X", "Y", "Out", 1, 2
    else:
        return None
    activation, weight = argument(op.inputs, activation_slot), argument(op.inputs, weight_slot)
    shape = weights.get(weight, ())
    if activation in weights or len(shape) != rank:
        return None
    # opt takes the second axis of a matrix for its outputs, also if it is transposed.
    if any(attr.name in _TRANSPOSED and attr.b for attr in op.attrs):
        return None
    return QuantizableOperator(
        index=index,
        kind=op.type,
        activation_slot=activation_slot,
        activation=activation,
        weight_slot=weight_slot,
        weight=weight,
        axis=axis,
        channels=shape[axis],
        output=argument(op.outputs, result),
    )


def is_quantized(program: Any) -> bool:  # noqa: ANN401 - a ProgramDesc
    """Whether a program has operators that simulate quantization."""
    return any(op.type in ROUNDING_KINDS for op in program.blocks[0].ops)


def without_rounding(program: Any, readers: Callable[[Any], bool] | None = None) -> Any:  # noqa: ANN401
    """A program whose operators read tensors before their quantization; a copy, or itself.

    The scales stay among the parameters, so that their file stays valid.

    Args:
        program: The ``ProgramDesc`` of the program.
        readers: Whether an operator is to read such tensors; by default all are.
    """
    if not is_quantized(program):
        return program
    result = framework().ProgramDesc()
    result.CopyFrom(program)
    block = result.blocks[0]
    before = {
        argument(op.outputs, "Out"): argument(op.inputs, "X")
        for op in block.ops
        if op.type in ROUNDING_KINDS
    }
    read: set[str] = set()
    for op in block.ops:
        is_changed = op.type not in ROUNDING_KINDS and (readers is None or readers(op))
        for slot in op.inputs:
            if is_changed:
                slot.arguments[:] = [before.get(name, name) for name in slot.arguments]
            read.update(slot.arguments)
    for index in reversed(range(len(block.ops))):
        op = block.ops[index]
        if op.type in ROUNDING_KINDS and argument(op.outputs, "Out") not in read:
            del block.ops[index]
    return result


def scale_name(tensor: str) -> str:
    """The name of the stored scale of an activation or weight."""
    return f"{tensor}.quantized.scale"


def insert_rounding(
    program: Any,  # noqa: ANN401
    operators: Sequence[QuantizableOperator],
    *,
    weight_bits: int,
    activation_bits: int,
    by_channel: bool,
) -> dict[str, Shape]:
    """Inserts simulated quantization before operators, in place.

    A tensor that several operators read is quantized once.

    Args:
        program: The ``ProgramDesc`` that is changed.
        operators: The operators of the program that are quantized.
        weight_bits: Number of bits of weights, with their sign.
        activation_bits: Number of bits of activations, with their sign.
        by_channel: Whether a weight has a scale for each output channel.

    Returns:
        Shape of each scale by name, which must be stored with the parameters.
    """
    block = program.blocks[0]
    scales: dict[str, Shape] = {}
    rounded: dict[str, str] = {}
    inserted: list[tuple[int, Any]] = []
    for operator in operators:
        op = block.ops[operator.index]
        shape = (operator.channels,) if by_channel else (1,)
        for slot, tensor, scale in (
            (operator.activation_slot, operator.activation, (1,)),
            (operator.weight_slot, operator.weight, shape),
        ):
            if tensor not in rounded:
                rounded[tensor] = _copy_variable(block, tensor, f"{tensor}.quantized.dequantized")
                scales[new_variable(block, scale_name(tensor), scale, persistable=True)] = scale
                rounding = (
                    _round_activation(tensor, rounded[tensor], activation_bits)
                    if tensor == operator.activation
                    else _round_weight(operator, rounded[tensor], weight_bits, by_channel)
                )
                inserted.append((operator.index, rounding))
            set_argument(op.inputs, slot, rounded[tensor])
    for index, rounding in reversed(inserted):
        block.ops.insert(index, rounding)
    return scales


def _copy_variable(block: Any, source: str, name: str) -> str:  # noqa: ANN401
    variable = block.vars.add()
    variable.CopyFrom(find_variable(block, source))
    variable.name, variable.persistable = name, False
    variable.ClearField("is_parameter")
    return name


def _round_activation(tensor: str, result: str, bits: int) -> Any:  # noqa: ANN401
    op = _rounding(STORED_SCALE_KIND, tensor, result, bits, is_test=True, moving_rate=0.9)
    op.inputs.add(parameter="InScale", arguments=[scale_name(tensor)])
    return op


def _round_weight(operator: QuantizableOperator, result: str, bits: int, by_channel: bool) -> Any:  # noqa: ANN401
    weight, axis = operator.weight, operator.axis
    if by_channel:
        return _rounding(_WEIGHT_BY_CHANNEL, weight, result, bits, quant_axis=axis)
    return _rounding(_WEIGHT, weight, result, bits)


def _rounding(kind: str, tensor: str, result: str, bits: int, **others: Attribute) -> Any:  # noqa: ANN401
    outputs = {"Out": [result], "OutScale": [scale_name(tensor)]}
    attributes = {"bit_length": bits, "round_type": _HALF_AWAY_FROM_ZERO, **others}
    return new_operator(kind, {"X": [tensor]}, outputs, attributes)
