"""The values of a program while it is translated: tensors, constants, lists of both."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from edgeslim.paddle_io.pir.reader import TensorType

__all__ = [
    "Constant",
    "Tensor",
    "TensorList",
    "Value",
    "constant_items",
    "is_known",
]


class Tensor(msgspec.Struct, frozen=True, gc=False):
    """A tensor of the old program, by its name there."""

    name: str
    type: TensorType


class Constant(msgspec.Struct, frozen=True, gc=False, eq=False):
    """A tensor with known elements; it is written to the old program where a tensor is needed.

    Args:
        elements: The tensor's elements, in its shape.
        is_uniform: Whether all elements are the same.
    """

    elements: np.ndarray[Any, Any]
    is_uniform: bool

    @property
    def type(self) -> TensorType:
        """Type and shape of the tensor."""
        return TensorType(self.elements.dtype.name, self.elements.shape)


class TensorList(msgspec.Struct, frozen=True, gc=False):
    """A list of tensors."""

    items: tuple[Tensor | Constant, ...]


Value = Tensor | Constant | TensorList


def is_known(value: Value | None) -> bool:
    """Whether all of a value's elements are known."""
    if isinstance(value, TensorList):
        return all(map(is_known, value.items))
    return isinstance(value, Constant)


def constant_items(value: Value) -> list[Any]:
    """The elements of a known value, or of a list of known values, as Python's numbers."""
    if isinstance(value, TensorList):
        return [number for item in value.items for number in constant_items(item)]
    assert isinstance(value, Constant)  # noqa: S101 - `is_known` said so
    numbers: list[Any] = value.elements.ravel().tolist()
    return numbers
