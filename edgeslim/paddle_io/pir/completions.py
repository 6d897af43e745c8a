"""Attributes of old operators that follow from shapes, types or other values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from edgeslim.errors import ModelError
from edgeslim.paddle_io.pir.attributes import convert_value, element_number
from edgeslim.paddle_io.pir.reader import Operation, TensorType
from edgeslim.paddle_io.pir.values import TensorList, Value, constant_items, is_known

__all__ = ["COMPLETIONS", "OldOperator"]

_AS_INPUT = -1
"""Stands for a type of elements: the same as the input's."""


class OldOperator(msgspec.Struct, gc=False):
    """An operator of the old program while it is put together.

    Args:
        kind: The old name of what it computes.
        inputs: The values that it reads, by slot.
        attributes: Type and value by name; shared with other operators until `set` is called.
        operands: The new operator's operands, in order; None where one is left out.
    """

    kind: str
    inputs: dict[str, Value]
    attributes: Mapping[str, tuple[str, Any]]
    operands: Sequence[Value | None]

    def set(self, name: str, kind: str, value: Any) -> None:  # noqa: ANN401 - of many types
        """Sets an attribute of this operator alone."""
        self.attributes = {**self.attributes, name: (kind, value)}

    @property
    def first(self) -> TensorType:
        """Type and shape of the first operand.

        Raises:
            ValueError: The operand is left out or a list.
        """
        first = self.operands[0] if self.operands else None
        if first is None or isinstance(first, TensorList):
            raise ValueError("its first operand is no tensor")
        return first.type


def _cast(old: OldOperator, _operation: Operation) -> None:
    old.set("in_dtype", "int", element_number(old.first.element))


def _deformable(old: OldOperator, _operation: Operation) -> None:
    """Deformable convolutions without a mask are an operator of their own."""
    if "Mask" not in old.inputs:
        old.kind = "deformable_conv_v1"


def _evaluation(old: OldOperator, operation: Operation) -> None:
    """Refuses normalization and dropout in training mode, which depend on the batch or chance."""
    attributes = operation.attributes
    if not attributes["is_test"] and not attributes.get("use_global_stats"):
        raise ModelError(
            f"{operation.name} is as in a training (is_test is false); "
            "call eval() on the network and save it again"
        )
    if old.attributes.get("is_test") != ("bool", True):
        old.set("is_test", "bool", True)


def _interpolation(old: OldOperator, _operation: Operation) -> None:
    """Known sizes and scales become attributes, where Paddle-Lite's optimizer looks for them."""
    axes = ("out_d", "out_h", "out_w")
    for slot in ("SizeTensor", "OutSize"):
        size = old.inputs.get(slot)
        if size is not None and is_known(size):
            del old.inputs[slot]
            extents = constant_items(size)
            for axis, extent in zip(axes[-len(extents) :], extents, strict=True):
                old.set(axis, "int", convert_value(extent, "int"))
    scale = old.inputs.get("Scale")
    if scale is not None and is_known(scale):
        del old.inputs["Scale"]
        factors = constant_items(scale)
        if len(factors) == 1:
            factors *= len(old.first.shape) - 2
        old.set("scale", "floats", convert_value(factors, "floats"))


def _reduction(old: OldOperator, operation: Operation) -> None:
    """A reduction without axes is one over all of them, which old programs say by a flag."""
    kind, axes = old.attributes["dim"]
    rank = len(old.first.shape)
    reduced = {axis % rank for axis in axes} if rank else set()
    # Some kernels look at the flag alone, some at the axes alone.
    old.set("dim", kind, axes or list(range(rank)) or [0])
    old.set("reduce_all", "bool", not axes or len(reduced) == rank)
    types = [_AS_INPUT, _AS_INPUT]
    if not str(operation.attributes.get("dtype", "Undefined")).startswith("Undefined"):
        types = [
            element_number(old.first.element),
            element_number(operation.attributes["dtype"]),
        ]
    old.set("in_dtype", "int", types[0])
    old.set("out_dtype", "int", types[1])


def _set_value(old: OldOperator, _operation: Operation) -> None:
    old.set("dtype", "int", element_number(old.first.element))
    if "ValueTensor" in old.inputs:
        old.set("shape", "longs", [])
        old.set("values", "scalars", [])


def _strided_slice(old: OldOperator, _operation: Operation) -> None:
    axes = old.attributes["axes"][1]
    is_open = any(slot in old.inputs for slot in ("StartsTensor", "EndsTensor", "StridesTensor"))
    old.set("infer_flags", "ints", [-1 if is_open else 1] * len(axes))
    old.set("decrease_axis", "ints", [])


COMPLETIONS: dict[str, Callable[[OldOperator, Operation], None]] = {
    "cast": _cast,
    "deformable": _deformable,
    "evaluation": _evaluation,
    "interpolation": _interpolation,
    "reduction": _reduction,
    "set_value": _set_value,
    "strided_slice": _strided_slice,
}
"""By the name that a row gives (`Row.completion`): what sets the missing attributes."""
