"""Reading and changing the operators of a program's description, one word for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import chain, count
from typing import Any

from edgeslim.opspec import Attribute, Shape
from edgeslim.paddle_io.proto import add_attribute, attribute_value, framework

__all__ = [
    "argument",
    "arguments",
    "attribute",
    "barrier",
    "drop_unread",
    "insert_operators",
    "makers_of",
    "names_in",
    "new_operator",
    "new_variable",
    "readers_of",
    "replace_operators",
    "scratch_variable",
    "set_attribute",
    "shape_of",
    "shapes_of",
    "type_of",
]

_INFERENCE_DROPOUT: dict[str, Attribute] = {
    "dropout_implementation": "upscale_in_train",
    "dropout_prob": 0.5,
    "is_test": True,
    "fix_seed": False,
    "seed": 0,
}


def arguments(slots: Any, name: str) -> tuple[str, ...]:  # noqa: ANN401 - of an OpDesc
    """The names in one of an operator's slots."""
    return tuple(each for slot in slots if slot.parameter == name for each in slot.arguments)


def argument(slots: Any, name: str) -> str:  # noqa: ANN401
    """The first name in one of an operator's slots; empty if there is none."""
    return next(iter(arguments(slots, name)), "")


def attribute(op: Any, name: str, default: Attribute) -> Any:  # noqa: ANN401
    """The value of an operator's attribute, or what it is if it is not written."""
    found = next((each for each in op.attrs if each.name == name), None)
    return default if found is None else attribute_value(found)


def set_attribute(op: Any, name: str, value: Attribute, *, like: Attribute = (0,)) -> None:  # noqa: ANN401
    """Gives an operator's attribute another value, of the value's own type."""
    for place, each in enumerate(op.attrs):
        if each.name == name:
            del op.attrs[place]
            break
    add_attribute(op, name, value, like=like)


def names_in(slots: Any) -> list[str]:  # noqa: ANN401 - of an OpDesc
    """All names in an operator's slots."""
    return [name for slot in slots for name in slot.arguments]


def readers_of(block: Any) -> Counter[str]:  # noqa: ANN401 - a BlockDesc
    """How often each tensor is read."""
    return Counter(name for op in block.ops for slot in op.inputs for name in slot.arguments)


def makers_of(block: Any) -> dict[str, Any]:  # noqa: ANN401
    """The operator that makes each tensor."""
    return {name: op for op in block.ops for slot in op.outputs for name in slot.arguments}


def shape_of(block: Any, name: str) -> Shape:  # noqa: ANN401
    """The shape of a tensor as described; no axes if it is not."""
    found = next((each for each in block.vars if each.name == name), None)
    return () if found is None else tuple(found.type.dense_tensor.tensor.dims)


def shapes_of(block: Any) -> dict[str, Shape]:  # noqa: ANN401
    """The shape of each tensor as described; an open extent is -1."""
    return {each.name: tuple(each.type.dense_tensor.tensor.dims) for each in block.vars}


def type_of(block: Any, name: str) -> int:  # noqa: ANN401
    """Paddle's number of what a tensor is of; floats if it is not described."""
    types = framework().VarType
    found = next((each for each in block.vars if each.name == name), None)
    return types.FP32 if found is None else int(found.type.dense_tensor.tensor.data_type)


def new_variable(
    block: Any,  # noqa: ANN401
    name: str,
    shape: Sequence[int],
    *,
    element_type: int | None = None,
    persistable: bool = False,
    taken: set[str] | None = None,
) -> str:
    """Describes one more tensor, under a name that is not taken yet; says the name.

    Args:
        block: Where.
        name: What it is called if that is free.
        shape: Its shape.
        element_type: Paddle's number of what it is of; floats by default.
        persistable: Whether it is a parameter.
        taken: All names of the block, if they are known; the new one is added.
    """
    if taken is None:
        taken = {each.name for each in block.vars}
    free = next(
        each for each in chain([name], (f"{name}.{n}" for n in count())) if each not in taken
    )
    taken.add(free)
    types = framework().VarType
    variable = block.vars.add(name=free, persistable=persistable)
    variable.type.type = types.DENSE_TENSOR
    tensor = variable.type.dense_tensor.tensor
    tensor.data_type = types.FP32 if element_type is None else element_type
    tensor.dims.extend(int(extent) for extent in shape)
    return free


def new_operator(
    kind: str,
    inputs: Mapping[str, Sequence[str]],
    outputs: Mapping[str, Sequence[str]],
    attributes: Mapping[str, Attribute],
) -> Any:  # noqa: ANN401 - an OpDesc
    """An operator's description, to be put into a block."""
    op = framework().OpDesc(type=kind)
    for given, slots in ((inputs, op.inputs), (outputs, op.outputs)):
        for slot, names in given.items():
            slots.add(parameter=slot, arguments=list(names))
    for name, value in attributes.items():
        add_attribute(op, name, value)
    return op


def scratch_variable(block: Any, result: str, slot: str) -> str:  # noqa: ANN401
    """Describes an output that nothing reads but Paddle-Lite looks for; says its name."""
    return new_variable(block, f"{result}.{slot.lower()}", (0, 1))


def replace_operators(block: Any, made: Mapping[int, Sequence[Any]]) -> None:  # noqa: ANN401
    """Puts others in the place of operators, by their numbers; of none, one is dropped."""
    for index in sorted(made, reverse=True):
        del block.ops[index]
        for op in reversed(made[index]):
            block.ops.insert(index, op)


def insert_operators(block: Any, before: Mapping[int, Any]) -> None:  # noqa: ANN401
    """Puts an operator before others, by their numbers."""
    for index in sorted(before, reverse=True):
        block.ops.insert(index, before[index])


def drop_unread(block: Any, made: Collection[str]) -> None:  # noqa: ANN401
    """Leaves out operators that make nothing but some tensors, and none that is read."""
    read: set[str] = set()
    for place in reversed(range(len(block.ops))):
        op = block.ops[place]
        written = names_in(op.outputs)
        if written and all(name in made for name in written) and not read.intersection(written):
            del block.ops[place]
        else:
            read.update(names_in(op.inputs))


def barrier(block: Any, op: Any, slot: str) -> Any:  # noqa: ANN401
    """A dropout for inference on an operator's input, which reads its result from now on.

    It computes nothing. The optimizer looks for operators to merge while it is there, and
    takes it out afterwards, so that nothing of it is left on the device.
    """
    source = argument(op.inputs, slot)
    described = next(each for each in block.vars if each.name == source)
    tensor = described.type.dense_tensor.tensor
    result, mask = (
        new_variable(block, name, tensor.dims, element_type=tensor.data_type)
        for name in (f"{source}.apart", f"{source}.apart.mask")
    )
    next(each for each in op.inputs if each.parameter == slot).arguments[0] = result
    return new_operator(
        "dropout", {"X": [source]}, {"Out": [result], "Mask": [mask]}, _INFERENCE_DROPOUT
    )
