"""Operators that no row of the table can describe: constants, lists, shapes, ranges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from edgeslim.paddle_io.pir.operators import row_of
from edgeslim.paddle_io.pir.reader import Operation, TensorType
from edgeslim.paddle_io.pir.values import (
    Constant,
    Tensor,
    TensorList,
    Value,
    constant_items,
    is_known,
)
from edgeslim.paddle_io.pir.writer import Writer, fill_attributes

__all__ = ["BUILTINS", "is_known_operator"]

_LARGEST_RANGE = 4096
"""A range of more elements than this stays an operator and does not become a constant."""

Operands = Sequence[Value | None]
BuiltinRule = Callable[[Writer, Operation, Operands], list[Value]]


def is_known_operator(operation: Operation) -> bool:
    """Whether there is a rule or a row for an operator."""
    if operation.name in BUILTINS or operation.name in {"pd_op.data", "pd_op.fetch"}:
        return True
    return operation.dialect == "pd_op" and row_of(operation.short_name) is not None


def _array(items: object, element: str, shape: Sequence[int]) -> np.ndarray[Any, Any]:
    """An array of items.

    Raises:
        ValueError: NumPy has no such type, or the shape has another number of items.
    """
    if element == "bfloat16":
        raise ValueError("constants of bfloat16")
    return np.asarray(items, np.dtype(element)).reshape(tuple(shape))


def _full(_writer: Writer, operation: Operation, _operands: Operands) -> list[Value]:
    attributes = operation.attributes
    element = attributes["dtype"]
    shape = tuple(attributes["shape"])
    if shape == (1,):  # as most are, and quicker
        return [Constant(_array([attributes["value"]], element, shape), is_uniform=True)]
    one = _array(attributes["value"], element, ())
    return [Constant(np.broadcast_to(one, shape), is_uniform=True)]


def _full_int_array(_writer: Writer, operation: Operation, _operands: Operands) -> list[Value]:
    items = operation.attributes["value"]
    elements = _array(items, operation.attributes["dtype"], (len(items),))
    return [Constant(elements, is_uniform=False)]


def _assign_value(_writer: Writer, operation: Operation, _operands: Operands) -> list[Value]:
    attributes = operation.attributes
    elements = _array(attributes["values"], attributes["dtype"], attributes["shape"])
    return [Constant(elements, is_uniform=False)]


def _alias(_writer: Writer, _operation: Operation, operands: Operands) -> list[Value]:
    return [_operand(operands, 0)]


def _combine(_writer: Writer, _operation: Operation, operands: Operands) -> list[Value]:
    items = [_operand(operands, place) for place in range(len(operands))]
    return [TensorList(tuple(item for item in items if not isinstance(item, TensorList)))]


def _split(_writer: Writer, _operation: Operation, operands: Operands) -> list[Value]:
    return list(_list_operand(operands).items)


def _slice(_writer: Writer, operation: Operation, operands: Operands) -> list[Value]:
    return [_list_operand(operands).items[operation.attributes["index"]]]


def _shape(writer: Writer, operation: Operation, operands: Operands) -> list[Value]:
    """The shape of a tensor: the old operator's numbers have 32 bits and are cast."""
    (result,) = operation.results
    (kind,) = result.types
    shape = writer.new("shape", TensorType("int32", kind.shape))
    source = _operand(operands, 0)
    writer.add("shape", {"Input": writer.names(source)}, {"Out": [shape.name]}, {})
    return [writer.cast(shape, kind.element)]


def _range(writer: Writer, operation: Operation, operands: Operands) -> list[Value]:
    """A range of numbers: the old operator's result has the type of its operands."""
    limits = [_single_operand(operands, place) for place in range(3)]
    element = operation.attributes["dtype"]
    if all(map(is_known, limits)):
        start, end, step = (constant_items(limit)[0] for limit in limits)
        if step and abs((end - start) / step) <= _LARGEST_RANGE:
            items = np.arange(start, end, step, dtype=np.dtype(element))
            return [Constant(items, is_uniform=False)]
    names = [writer.cast(limit, element).name for limit in limits]
    result = writer.new("range", TensorType(element, operation.results[0].types[0].shape))
    slots = {slot: [name] for slot, name in zip(("Start", "End", "Step"), names, strict=True)}
    writer.add("range", slots, {"Out": [result.name]}, {})
    return [result]


def _full_with_tensor(writer: Writer, operation: Operation, operands: Operands) -> list[Value]:
    """A tensor of one value, where the program computes the value, the shape or both."""
    value, shape = _single_operand(operands, 0), _operand(operands, 1)
    element = operation.attributes["dtype"]
    if is_known(value) and is_known(shape):
        one = _array(constant_items(value)[0], element, ())
        return [Constant(np.broadcast_to(one, tuple(constant_items(shape))), is_uniform=True)]
    inputs: dict[str, list[str]] = {}
    number: float = 0.0
    if is_known(value):
        number = constant_items(value)[0]
    else:
        inputs["ValueTensor"] = [writer.cast(value, element).name]
    extents: list[int] = []
    if is_known(shape):
        extents = constant_items(shape)
    elif isinstance(shape, TensorList):
        inputs["ShapeTensorList"] = [writer.cast(item, "int32").name for item in shape.items]
    else:
        inputs["ShapeTensor"] = [writer.cast(shape, "int32").name]
    result = writer.new("fill_constant", TensorType(element, operation.results[0].types[0].shape))
    attributes = fill_attributes(extents, number, element)
    writer.add("fill_constant", inputs, {"Out": [result.name]}, attributes)
    return [result]


def _operand(operands: Operands, place: int) -> Value:
    value = operands[place]
    if value is None:
        raise ValueError(f"its operand {place} is left out")
    return value


def _single_operand(operands: Operands, place: int) -> Tensor | Constant:
    value = _operand(operands, place)
    if isinstance(value, TensorList):
        raise ValueError(f"its operand {place} is a list")  # noqa: TRY004 - one error for all
    return value


def _list_operand(operands: Operands) -> TensorList:
    value = _operand(operands, 0)
    if not isinstance(value, TensorList):
        raise ValueError("its operand is no list")  # noqa: TRY004
    return value


BUILTINS: dict[str, BuiltinRule] = {
    "builtin.combine": _combine,
    "builtin.slice": _slice,
    "builtin.split": _split,
    "pd_op.arange": _range,
    "pd_op.assign": _alias,
    "pd_op.assign_": _alias,
    "pd_op.assign_out_": _alias,
    "pd_op.assign_value": _assign_value,
    "pd_op.assign_value_": _assign_value,
    "pd_op.full": _full,
    "pd_op.full_": _full,
    "pd_op.full_int_array": _full_int_array,
    "pd_op.full_with_tensor": _full_with_tensor,
    "pd_op.memcpy": _alias,
    "pd_op.memcpy_d2h": _alias,
    "pd_op.memcpy_h2d": _alias,
    "pd_op.npu_identity": _alias,
    "pd_op.range_v2": _range,
    "pd_op.shadow_feed": _alias,
    "pd_op.shape": _shape,
    "pd_op.shape64": _shape,
    "pd_op.share_data": _alias,
    "pd_op.share_data_": _alias,
}
"""By an operator's whole name: the function that makes the values of its results."""
