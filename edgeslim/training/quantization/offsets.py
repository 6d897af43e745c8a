"""Tensors behind layers that a mean error is corrected in: means of norms, and biases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgeslim.paddle_io.block_edits import (
    argument,
    attribute,
    readers_of,
    reading_operators,
    shape_of,
)
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.quantized_program import CONVOLUTIONS, QuantizableOperator

__all__ = ["Offset", "find_offsets"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Offset:
    """A tensor ``(C,)`` that is added behind a layer, or subtracted.

    Args:
        layer: Name of the layer's output, which the operator reads.
        slot: Slot of the operator that has the tensor.
        tensor: Name of the tensor.
        sign: What the tensor is multiplied by before it is added: 1 of a bias, -1 of a mean.
    """

    layer: str
    slot: str
    tensor: str
    sign: int


def find_offsets(
    program: Any,  # noqa: ANN401 - a ProgramDesc
    operators: Sequence[QuantizableOperator],
) -> Mapping[str, Offset]:
    """The offset behind each layer that has one of its own, by the name of the layer's output.

    Args:
        program: The ``ProgramDesc``, not quantized.
        operators: Its operators that are quantized.
    """
    block = program.blocks[0]
    reading, counts = reading_operators(block), readers_of(block)
    weights = persistent_tensors(program)
    found: dict[str, Offset] = {}
    for operator in operators:
        readers = reading[operator.output]
        if len(readers) != 1 or counts[operator.weight] != 1:
            continue
        (reader,) = readers
        slot, sign = {"batch_norm": ("Mean", -1), "elementwise_add": ("Y", 1)}.get(
            reader.type, ("", 0)
        )
        tensor = argument(reader.inputs, slot)
        # A norm reads and writes its mean; nothing else may.
        if not slot or argument(reader.inputs, "X") != operator.output or counts[tensor] != 1:
            continue
        if weights.get(tensor) != (operator.channels,):
            continue
        rank = len(shape_of(block, operator.output))
        axis = _channel_axis(block.ops[operator.index], rank)
        if axis is not None and axis == _offset_axis(reader, rank):
            found[operator.output] = Offset(
                layer=operator.output, slot=slot, tensor=tensor, sign=sign
            )
    return found


def _channel_axis(op: Any, rank: int) -> int | None:  # noqa: ANN401 - an OpDesc
    """Axis of the channels that a layer writes; None where their means are not known."""
    if op.type not in CONVOLUTIONS:
        return rank - 1
    return 1 if attribute(op, "data_format", "NCHW") in _CHANNELS_FIRST else None


def _offset_axis(reader: Any, rank: int) -> int:  # noqa: ANN401 - an OpDesc
    """Axis that a norm or a sum has its vector along."""
    if reader.type == "batch_norm":
        return 1 if attribute(reader, "data_layout", "NCHW") in _CHANNELS_FIRST else rank - 1
    axis = int(attribute(reader, "axis", -1))
    return axis if axis >= 0 else rank - 1


_CHANNELS_FIRST = frozenset({"NCHW", "NCDHW", "AnyLayout"})
