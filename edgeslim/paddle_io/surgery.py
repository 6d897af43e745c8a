"""Cutting a program's description to fewer channels, without Paddle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgeslim.errors import UsageError
from edgeslim.graph import Graph
from edgeslim.ops import known_kinds
from edgeslim.opspec import Shape
from edgeslim.paddle_io.block_edits import set_attribute
from edgeslim.paddle_io.quantized_program import is_quantized

__all__ = ["resize_program"]


def resize_program(program: Any, before: Graph, after: Graph) -> None:  # noqa: ANN401
    """Gives a description the shapes and attributes of a graph, in place.

    Args:
        program: The ``ProgramDesc`` that is changed.
        before: Graph of the program as it is.
        after: Graph of the same operators with other shapes.

    Raises:
        UsageError: The program is quantized, with scales for the channels that it has.
    """
    if is_quantized(program):
        raise UsageError("the model is quantized; prune the model first, and quantize it last")
    block = program.blocks[0]
    shapes, old_shapes = after.shapes, before.shapes
    for variable in block.vars:
        # In a graph a single number has one axis; its description has none.
        if shapes.get(variable.name) != old_shapes.get(variable.name):
            tensor = variable.type.dense_tensor.tensor
            tensor.dims[:] = _keep_open(tensor.dims, shapes[variable.name])
    operators = [op for op in block.ops if op.type not in {"feed", "fetch"}]
    for op, old, new in zip(operators, before.nodes, after.nodes, strict=True):
        kind = known_kinds().get(op.type)
        changed = set(new.spec.attributes.items()) - set(old.spec.attributes.items())
        for name, value in sorted(changed):
            like = kind.attributes.get(name, value) if kind else value
            long = kind is not None and name in kind.long_attributes
            set_attribute(op, name, value, like=like, long=long)


def _keep_open(dims: Sequence[int], shape: Shape) -> list[int]:
    """A shape for a description in which open extents stay open."""
    if len(dims) != len(shape):
        return list(shape)
    return [old if old < 0 else new for old, new in zip(dims, shape, strict=True)]
