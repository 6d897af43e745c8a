"""What the values of a program are while it is written anew: tensors, constants, lists of both."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from edgeslim.paddle_io.pir.reader import TensorType

__all__ = [
    "Constant",
    "Several",
    "Tensor",
    "Value",
    "constant_items",
    "is_known",
]


class Tensor(msgspec.Struct, frozen=True, gc=False):
    """A tensor that is in the new program, by its name there."""

    name: str
    type: TensorType


class Constant(msgspec.Struct, frozen=True, gc=False, eq=False):
    """A tensor whose elements the file says; in the new program only where a tensor is needed.

    Args:
        elements: They.
        is_uniform: Whether all are the same.
    """

    elements: np.ndarray[Any, Any]
    is_uniform: bool

    @property
    def type(self) -> TensorType:
        """As of a tensor."""
        return TensorType(self.elements.dtype.name, self.elements.shape)


class Several(msgspec.Struct, frozen=True, gc=False):
    """A list of tensors."""

    items: tuple[Tensor | Constant, ...]


Value = Tensor | Constant | Several


def is_known(value: Value | None) -> bool:
    """Whether the file says all of a value's elements."""
    if isinstance(value, Several):
        return all(map(is_known, value.items))
    return isinstance(value, Constant)


def constant_items(value: Value) -> list[Any]:
    """The elements of a known value, or of a list of known values, as Python's numbers."""
    if isinstance(value, Several):
        return [number for item in value.items for number in constant_items(item)]
    assert isinstance(value, Constant)  # noqa: S101 - `is_known` said so
    numbers: list[Any] = value.elements.ravel().tolist()
    return numbers
