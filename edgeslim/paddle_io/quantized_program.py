"""Program descriptions in which inputs and weights of operators are rounded to whole numbers.

Before an operator that is quantized stand two others: one rounds its activation by a scale
that is stored, one its weight by a scale that follows from the weight. ``opt`` takes them out
again, keeps the scales and the weights as whole numbers of 8 bits, and gives the operator
a kernel that multiplies these (Paddle-Lite, ``quant_dequant_op_fuser.cc``). It knows three
kinds of such operators, and for activations no other than the one with a stored scale.

Batch norms stay where they are: ``opt`` makes them part of the convolution before them after
the weights have been rounded, by changing the scale of each channel (``conv_bn_fuser.cc``).
So the weights that are rounded are those before the batch norm, and its factors cost
nothing of their precision.

This is written here and not by ``paddle.quantization``: that wraps layers of a network, and a
saved program has none; its ``QAT.convert`` fails in Paddle 3.3 without the new kind of
program, and the older ``ImperativeQuantAware`` has to trace the network again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgeslim.errors import UsageError
from edgeslim.opspec import Attribute, Shape
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.proto import add_attribute, framework
from edgeslim.targets.quantized import ROUNDS_ACTIVATIONS, ROUNDS_WEIGHTS

__all__ = [
    "CONVOLUTIONS",
    "PRODUCTS",
    "ROUNDING_KINDS",
    "SCALE_SLOTS",
    "STORED_SCALE_KIND",
    "QuantizedPlace",
    "insert_rounding",
    "is_quantized",
    "places_of",
    "scale_name",
    "without_rounding",
]

(STORED_SCALE_KIND,) = ROUNDS_ACTIVATIONS
_WEIGHT, _WEIGHT_BY_CHANNEL = ROUNDS_WEIGHTS
ROUNDING_KINDS = frozenset({STORED_SCALE_KIND, _WEIGHT, _WEIGHT_BY_CHANNEL})
"""The operators that round, and compute nothing else."""

SCALE_SLOTS = ("InScale", "OutScale")
"""Slots of theirs that hold no activations."""

CONVOLUTIONS = frozenset({"conv2d", "depthwise_conv2d"})
_TRANSPOSED = frozenset({"trans_y", "transpose_Y"})
PRODUCTS = frozenset({"mul", "matmul", "matmul_v2"})
_HALF_AWAY_FROM_ZERO = 1
"""How ``opt`` rounds weights (``std::round``), and Paddle with this number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class QuantizedPlace:
    """An operator that multiplies activations by a weight.

    Args:
        index: Its place among the operators of the program.
        kind: What it is.
        activation_slot: Slot that the activation is read by.
        activation: Name of the activation.
        weight_slot: Slot that the weight is read by.
        weight: Name of the weight.
        axis: Of the weight's output channels.
        channels: How many there are.
        output: What it writes.
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


def places_of(program: Any, skip: Sequence[str] = ()) -> list[QuantizedPlace]:  # noqa: ANN401
    """The operators of a program that ``opt`` has kernels of whole numbers for, in order.

    Args:
        program: A ``ProgramDesc`` that is not quantized yet.
        skip: Regular expressions; what writes or reads a weight of a name in which one is
            found is left out.

    Raises:
        UsageError: An expression is found nowhere.
    """
    weights = persistent_tensors(program)
    found = [
        place
        for index, op in enumerate(program.blocks[0].ops)
        if (place := _place(index, op, weights)) is not None
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
    return [place for place in found if place.index not in left_out]


def _some(places: Sequence[QuantizedPlace]) -> str:
    names = [f"{place.weight} (of {place.output})" for place in places]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _place(index: int, op: Any, weights: Mapping[str, Shape]) -> QuantizedPlace | None:  # noqa: ANN401
    if op.type in CONVOLUTIONS:
        activation_slot, weight_slot, result, axis, rank = "Input", "Filter", "Output", 0, 4
    elif op.type in PRODUCTS:
        activation_slot, weight_slot, result, axis, rank = "X", "Y", "Out", 1, 2
    else:
        return None
    activation, weight = _only(op.inputs, activation_slot), _only(op.inputs, weight_slot)
    shape = weights.get(weight, ())
    if activation in weights or len(shape) != rank:
        return None
    # opt takes the second axis of a matrix for its outputs, whatever the attribute says.
    if any(each.name in _TRANSPOSED and each.b for each in op.attrs):
        return None
    return QuantizedPlace(
        index=index,
        kind=op.type,
        activation_slot=activation_slot,
        activation=activation,
        weight_slot=weight_slot,
        weight=weight,
        axis=axis,
        channels=shape[axis],
        output=_only(op.outputs, result),
    )


def _only(slots: Any, name: str) -> str:  # noqa: ANN401
    return next((s.arguments[0] for s in slots if s.parameter == name and s.arguments), "")


def is_quantized(program: Any) -> bool:  # noqa: ANN401 - a ProgramDesc
    """Whether a program has operators that round."""
    return any(op.type in ROUNDING_KINDS for op in program.blocks[0].ops)


def without_rounding(program: Any, readers: Callable[[Any], bool] | None = None) -> Any:  # noqa: ANN401
    """A program whose operators read what was there before it was rounded; a copy, or itself.

    The scales stay among the parameters, so the file of these stays valid.

    Args:
        program: A ``ProgramDesc``.
        readers: Says which operators do so, if not all.
    """
    if not is_quantized(program):
        return program
    result = framework().ProgramDesc()
    result.CopyFrom(program)
    block = result.blocks[0]
    before = {
        _only(op.outputs, "Out"): _only(op.inputs, "X")
        for op in block.ops
        if op.type in ROUNDING_KINDS
    }
    read: set[str] = set()
    for op in block.ops:
        free = op.type not in ROUNDING_KINDS and (readers is None or readers(op))
        for slot in op.inputs:
            for place, name in enumerate(slot.arguments):
                if free:
                    slot.arguments[place] = before.get(name, name)
            read.update(slot.arguments)
    for index in reversed(range(len(block.ops))):
        op = block.ops[index]
        if op.type in ROUNDING_KINDS and _only(op.outputs, "Out") not in read:
            del block.ops[index]
    return result


def scale_name(tensor: str) -> str:
    """What the stored scale of an activation or weight is called."""
    return f"{tensor}.quantized.scale"


def insert_rounding(
    program: Any,  # noqa: ANN401
    places: Sequence[QuantizedPlace],
    *,
    weight_bits: int,
    activation_bits: int,
    by_channel: bool,
) -> dict[str, Shape]:
    """Puts the operators that round before those that are quantized, in place.

    A tensor that several read is rounded once.

    Args:
        program: The description that the places are of.
        places: What is quantized.
        weight_bits: Of weights, with their sign.
        activation_bits: Likewise.
        by_channel: Whether a weight has a scale for each output channel.

    Returns:
        Shape of each scale by name, which must be stored with the parameters.
    """
    block = program.blocks[0]
    scales: dict[str, Shape] = {}
    done: dict[str, str] = {}
    inserted: list[tuple[int, Any]] = []
    for place in places:
        op = block.ops[place.index]
        shape = (place.channels,) if by_channel else (1,)
        for slot, tensor, scale in (
            (place.activation_slot, place.activation, (1,)),
            (place.weight_slot, place.weight, shape),
        ):
            if tensor not in done:
                done[tensor] = _variable(block, tensor, f"{tensor}.quantized.dequantized")
                scales[_scale_variable(block, tensor, scale)] = scale
                rounding = (
                    _of_activation(tensor, done[tensor], activation_bits)
                    if tensor == place.activation
                    else _of_weight(place, done[tensor], weight_bits, by_channel=by_channel)
                )
                inserted.append((place.index, rounding))
            next(each for each in op.inputs if each.parameter == slot).arguments[0] = done[tensor]
    for index, rounding in reversed(inserted):
        block.ops.insert(index, rounding)
    return scales


def _variable(block: Any, like: str, name: str) -> str:  # noqa: ANN401
    described = next(each for each in block.vars if each.name == like)
    variable = block.vars.add()
    variable.CopyFrom(described)
    variable.name, variable.persistable = name, False
    variable.ClearField("is_parameter")
    return name


def _scale_variable(block: Any, tensor: str, shape: Shape) -> str:  # noqa: ANN401
    types = framework().VarType
    variable = block.vars.add(name=scale_name(tensor), persistable=True)
    variable.type.type = types.DENSE_TENSOR
    variable.type.dense_tensor.tensor.data_type = types.FP32
    variable.type.dense_tensor.tensor.dims.extend(shape)
    return scale_name(tensor)


def _of_activation(tensor: str, result: str, bits: int) -> Any:  # noqa: ANN401
    op = _rounding(STORED_SCALE_KIND, tensor, result, bits, is_test=True, moving_rate=0.9)
    op.inputs.add(parameter="InScale", arguments=[scale_name(tensor)])
    return op


def _of_weight(place: QuantizedPlace, result: str, bits: int, *, by_channel: bool) -> Any:  # noqa: ANN401
    if by_channel:
        return _rounding(_WEIGHT_BY_CHANNEL, place.weight, result, bits, quant_axis=place.axis)
    return _rounding(_WEIGHT, place.weight, result, bits)


def _rounding(kind: str, tensor: str, result: str, bits: int, **more: Attribute) -> Any:  # noqa: ANN401
    op = framework().OpDesc(type=kind)
    op.inputs.add(parameter="X", arguments=[tensor])
    op.outputs.add(parameter="Out", arguments=[result])
    op.outputs.add(parameter="OutScale", arguments=[scale_name(tensor)])
    for name, value in {
        "bit_length": bits,
        "round_type": _HALF_AWAY_FROM_ZERO,
        **more,
    }.items():
        add_attribute(op, name, value)
    return op
