"""Tensors that a program computes from shapes, made constants of its description.

If the shapes of its inputs are known, ``shape`` is a constant, and so is everything that is
computed from it: slices, products, sizes for reshaping or resizing. These values are read from one
run in Paddle, so that no operator has to be interpreted here. They become attributes of the
operators that read them; operators whose results nothing reads any more are removed, which also
leaves fewer operators on the device.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeslim.ops import known_kinds
from edgeslim.paddle_io.block_edits import drop_unread, names_in, shapes_of
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.proto import add_attribute, framework
from edgeslim.paddle_io.shape_operands import fold_operands, operands

__all__ = ["ShapeConstants", "constants_of", "depends_on_data", "fold_constants"]

Array = np.ndarray[Any, Any]

_OF_SHAPES = {"shape", "size", "numel"}
"""Kinds whose results depend on a tensor's shape and not on its elements."""

_FILLED = {
    "fill_constant_batch_size_like",
    "fill_any_like",
    "fill_zeros_like",
    "fill_zeros_like2",
}
"""Kinds that fill a tensor of the shape of another one."""

_RANDOM = ("random", "randint", "randperm", "bernoulli", "multinomial", "dropout", "seed")
"""Parts of the names of kinds with random results."""

_ROWS_FROM_DATA = {
    "masked_select",
    "matrix_nms",
    "multiclass_nms",
    "multiclass_nms2",
    "multiclass_nms3",
    "nonzero",
    "unique",
    "unique_consecutive",
    "where_index",
}
"""Kinds whose number of rows depends on the data."""

_MOST_ELEMENTS = 65536
"""The most elements of a constant, all of which the file would hold."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShapeConstants:
    """Tensors that depend only on the shapes of the inputs.

    Args:
        names: Names of all such tensors.
        of_shapes: Names of those that are computed from a shape.
        needed: Names of those whose values are needed: read as sizes, or read as data and computed
            from a shape.
    """

    names: frozenset[str]
    of_shapes: frozenset[str]
    needed: tuple[str, ...]


def constants_of(program: Any) -> ShapeConstants:  # noqa: ANN401 - a ProgramDesc
    """The constants of a program's first block."""
    block = program.blocks[0]
    writers: dict[str, int] = {}
    for op in block.ops:
        for name in names_in(op.outputs):
            writers[name] = writers.get(name, 0) + 1
    names: set[str] = set()
    of_shapes: set[str] = set()
    needed: dict[str, None] = {}
    for op in block.ops:
        read = names_in(op.inputs)
        needed.update(dict.fromkeys(_sizes(op, names)))
        if op.type == "feed" or any(part in op.type for part in _RANDOM):
            continue
        if op.type in _OF_SHAPES | _FILLED or all(name in names for name in read):
            # A tensor that is written twice has two values.
            written = [name for name in names_in(op.outputs) if writers[name] == 1]
            names.update(written)
            if op.type in _OF_SHAPES or of_shapes.intersection(read):
                of_shapes.update(written)
        elif op.type != "fetch":
            needed.update(dict.fromkeys(name for name in read if name in of_shapes))
    return ShapeConstants(
        names=frozenset(names), of_shapes=frozenset(of_shapes), needed=tuple(needed)
    )


def _sizes(op: Any, names: set[str]) -> list[str]:  # noqa: ANN401
    """The tensors that an operator reads as sizes, for slots that are constant."""
    return [name for some in operands(op).values() if names.issuperset(some) for name in some]


def fold_constants(
    program: Any,  # noqa: ANN401
    constants: ShapeConstants,
    values: Mapping[str, Array],
) -> dict[str, int]:
    """Folds constants in a program's first block, in place; returns a count for each change.

    Args:
        program: The ``ProgramDesc`` that is changed.
        constants: The constants of the program, by `constants_of`.
        values: The value of each needed constant, by name.
    """
    block = program.blocks[0]
    folded = sum(fold_operands(op, values) for op in block.ops)
    as_data = {
        name
        for op in block.ops
        if op.type != "fetch" and not constants.names.issuperset(names_in(op.outputs))
        for name in names_in(op.inputs)
        if name in constants.of_shapes and name in values
    }
    read = {name for op in block.ops for name in names_in(op.inputs)}
    for place, op in enumerate(block.ops):
        written = [name for name in names_in(op.outputs) if name in read]
        if len(written) == 1 and written[0] in as_data:
            constant = _constant(written[0], values[written[0]])
            if constant is not None:
                block.ops[place].CopyFrom(constant)
                folded += 1
    before = len(block.ops)
    drop_unread(block, constants.names)
    counts = {
        "sizes computed from shapes made constants": folded,
        "operators that only computed sizes left out": before - len(block.ops),
    }
    return {what: count for what, count in counts.items() if count}


def _constant(name: str, value: Array) -> Any | None:  # noqa: ANN401 - an OpDesc
    """An operator that makes a constant; None if there is none for its type or size."""
    proto = framework()
    types = {
        "bool": proto.VarType.BOOL,
        "int32": proto.VarType.INT32,
        "int64": proto.VarType.INT64,
        "float32": proto.VarType.FP32,
    }
    number = types.get(value.dtype.name)
    if number is None or not 0 < value.size <= _MOST_ELEMENTS or not np.isfinite(value).all():
        return None
    uniform = bool((value == value.flat[0]).all())
    op = proto.OpDesc(type="fill_constant" if uniform else "assign_value")
    op.outputs.add(parameter="Out", arguments=[name])
    add_attribute(op, "shape", value.shape, long=uniform)
    add_attribute(op, "dtype", number)
    if uniform:
        add_attribute(op, "value", float(value.flat[0]))
        add_attribute(op, "str_value", str(value.flat[0].item()))
        return op
    scalars = op.attrs.add(name="values", type=proto.AttrType.SCALARS)
    whole = value.dtype.kind in "ib"
    for element in np.ravel(value).tolist():
        if whole:
            scalars.scalars.add(type=proto.Scalar.Type.LONG, i=int(element))
        else:
            scalars.scalars.add(type=proto.Scalar.Type.FLOAT64, r=float(element))
    return op


def depends_on_data(program: Any) -> frozenset[str]:  # noqa: ANN401
    """Tensors of open shape whose extents depend on the elements of the inputs.

    Any other open shape is only missing in Paddle's description, and a run shows it.
    """
    block = program.blocks[0]
    shapes = shapes_of(block)
    parameters = persistent_tensors(program)
    found: set[str] = set()
    for op in block.ops:
        bounded = op.type in known_kinds() and known_kinds()[op.type].row_limit
        if (
            (op.type in _ROWS_FROM_DATA and not bounded)
            or any(name not in parameters for some in operands(op).values() for name in some)
            or found.intersection(names_in(op.inputs))
        ):
            found.update(
                name for name in names_in(op.outputs) if min(shapes.get(name, ()), default=1) < 0
            )
    return frozenset(found)
