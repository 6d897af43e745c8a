"""Tensors behind layers that a mean error is corrected in: means of norms, and biases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgeslim.paddle_io.block_edits import argument, readers_of, reading_operators
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.quantized_program import QuantizableOperator

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
        if weights.get(tensor) == (operator.channels,):
            found[operator.output] = Offset(
                layer=operator.output, slot=slot, tensor=tensor, sign=sign
            )
    return found
