"""Program descriptions made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edgeslim.paddle_io.proto import framework


@dataclass
class Op:
    """An operator: names by slot, and attributes."""

    kind: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    attributes: Mapping[str, Any] = field(default_factory=dict)


def program(
    ops: Sequence[Op],
    variables: Mapping[str, Sequence[int]],
    parameters: Mapping[str, Sequence[int]] | None = None,
) -> Any:
    """A program of one block, without feed and fetch."""
    proto = framework()
    made = proto.ProgramDesc()
    block = made.blocks.add(idx=0, parent_idx=-1)
    for shapes, persistable in ((variables, False), (parameters or {}, True)):
        for name, shape in shapes.items():
            variable = block.vars.add(name=name, persistable=persistable)
            variable.type.type = proto.VarType.DENSE_TENSOR
            variable.type.dense_tensor.tensor.data_type = proto.VarType.FP32
            variable.type.dense_tensor.tensor.dims.extend(shape)
    for operator in ops:
        op = block.ops.add(type=operator.kind)
        for given, slots in ((operator.inputs, op.inputs), (operator.outputs, op.outputs)):
            for slot, name in given.items():
                slots.add(parameter=slot, arguments=[name])
        for name, value in operator.attributes.items():
            _add(op, name, value)
    return made


def _add(op: Any, name: str, value: Any) -> None:
    types = framework().AttrType
    match value:
        case bool():
            op.attrs.add(name=name, type=types.BOOLEAN, b=value)
        case int():
            op.attrs.add(name=name, type=types.INT, i=value)
        case float():
            op.attrs.add(name=name, type=types.FLOAT, f=value)
        case str():
            op.attrs.add(name=name, type=types.STRING, s=value)
        case tuple():
            op.attrs.add(name=name, type=types.LONGS, longs=value)
        case _:
            op.attrs.add(name=name, type=types.INTS, ints=value)


def kinds(made: Any) -> list[str]:
    """The operators of a program."""
    return [op.type for op in made.blocks[0].ops]


def attributes(op: Any) -> dict[str, Any]:
    """The attributes of an operator, by name."""
    types = framework().AttrType
    fields = {
        types.BOOLEAN: "b",
        types.INT: "i",
        types.FLOAT: "f",
        types.STRING: "s",
        types.INTS: "ints",
        types.LONGS: "longs",
    }
    found = {attr.name: getattr(attr, fields[attr.type]) for attr in op.attrs}
    plain = (bool, int, float, str)
    return {
        name: value if isinstance(value, plain) else list(value) for name, value in found.items()
    }


def arguments(slots: Any) -> dict[str, list[str]]:
    """The names in the slots of an operator."""
    return {slot.parameter: list(slot.arguments) for slot in slots}
