"""An operator as a value: everything its latency depends on, and nothing else.

The typed value *is* the key of the latency table. Two operators of two networks are the
same operator if and only if their descriptions are equal; no string is formatted in one
place and parsed in another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from edgeslim.frozen import FrozenMap, freeze

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "OPEN_SHAPE",
    "Attribute",
    "Attributes",
    "OpSpec",
    "Shape",
    "Shapes",
    "TypedShape",
    "declared_type",
    "decode_hook",
    "encode_hook",
]

Shape = tuple[int, ...]
"""Extents of a tensor, ``(N, C, H, W)`` for images."""


class TypedShape(Shape):
    """A shape with a declared type of the elements.

    Args:
        shape: Extents of the tensor.
        dtype: Type of the elements, by NumPy's name.
    """

    dtype: str

    def __new__(cls, shape: Shape, dtype: str) -> Self:
        made = super().__new__(cls, shape)
        made.dtype = dtype
        return made


def declared_type(shape: Shape) -> str:
    """The type that was declared with a shape; empty if there is none."""
    return shape.dtype if isinstance(shape, TypedShape) else ""


Attribute = bool | int | float | str | tuple[int, ...] | tuple[float, ...]

FLOAT_BYTES = 4

OPEN_SHAPE = "open_shape"
"""Attribute of an operator whose extents depend on its data: its shapes here have 1 where the
extent is known only when it runs, and its cost is not known."""


class Shapes(FrozenMap[tuple[Shape, ...]]):
    """Shapes of the tensors in each named slot of an operator."""

    __slots__ = ()

    def __init__(
        self, items: Mapping[str, tuple[Shape, ...]] | None = None, /, **more: tuple[Shape, ...]
    ) -> None:
        super().__init__(items, **more)
        for name, shapes in self.items():
            if not _is_list_of_shapes(shapes):
                raise ValueError(
                    f"{name} must be a list of shapes of positive numbers, not {shapes}"
                )


class Attributes(FrozenMap[Attribute]):
    """The attributes that decide what an operator computes."""

    __slots__ = ()

    def __init__(self, items: Mapping[str, Attribute] | None = None, /, **more: Attribute) -> None:
        super().__init__(items, **more)
        for name, value in self.items():
            if not (_is_plain(value) or (isinstance(value, tuple) and all(map(_is_plain, value)))):
                raise ValueError(f"{name} must be of finite numbers or a text, not {value}")


def _is_list_of_shapes(value: object) -> bool:
    return isinstance(value, tuple) and all(map(_is_shape, value))


def _is_shape(value: object) -> bool:
    return isinstance(value, tuple) and all(type(n) is int and n > 0 for n in value)


def _is_plain(value: object) -> bool:
    """Whether JSON preserves the value: it has no infinite numbers and no types of NumPy."""
    if type(value) is float:
        return math.isfinite(value)
    return type(value) in {bool, int, str}


class OpSpec(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """One operator as the device runs it.

    Args:
        kind: Name of the operator in Paddle, such as ``conv2d``.
        inputs: Activations read, by slot.
        weights: Persistent tensors read, by slot.
        outputs: Activations written, by slot.
        attributes: Significant attributes in the normal form of the kind (`edgeslim.ops`).
    """

    kind: str
    inputs: Shapes
    outputs: Shapes
    weights: Shapes = msgspec.field(default_factory=Shapes)
    attributes: Attributes = msgspec.field(default_factory=Attributes)

    @property
    def input_shape(self) -> Shape:
        """Shape of the first activation read; empty if there is none."""
        return next((shape for shapes in self.inputs.values() for shape in shapes), ())

    @property
    def output_shape(self) -> Shape:
        """Shape of the first activation written; empty if there is none."""
        return next((shape for shapes in self.outputs.values() for shape in shapes), ())

    @property
    def is_open(self) -> bool:
        """Whether how much it reads or writes is known only when it runs."""
        return bool(self.attributes.get(OPEN_SHAPE, False))

    @property
    def input_bytes(self) -> int:
        """Size of all activations read."""
        return _bytes(self.inputs)

    @property
    def output_bytes(self) -> int:
        """Size of all activations written."""
        return _bytes(self.outputs)

    @property
    def weight_bytes(self) -> int:
        """Size of all weights read."""
        return _bytes(self.weights)

    def __str__(self) -> str:
        shapes = (
            f"{self.kind} {_format_shape(self.input_shape)} -> {_format_shape(self.output_shape)}"
        )
        return f"{shapes} (how many is known only when it runs)" if self.is_open else shapes


def _bytes(slots: Mapping[str, tuple[Shape, ...]]) -> int:
    return FLOAT_BYTES * sum(math.prod(shape) for shapes in slots.values() for shape in shapes)


def _format_shape(shape: Shape) -> str:
    return "x".join(map(str, shape))


def encode_hook(value: Any) -> Any:  # noqa: ANN401 - msgspec's contract
    """How msgspec writes our own types."""
    if isinstance(value, FrozenMap):
        return dict(value)
    raise NotImplementedError(f"cannot encode {type(value).__name__}")


def decode_hook(wanted: Any, value: Any) -> Any:  # noqa: ANN401 - msgspec's contract
    """How msgspec reads our own types."""
    if isinstance(wanted, type) and issubclass(wanted, FrozenMap):
        if not isinstance(value, dict):
            raise ValueError(f"expected an object, got {type(value).__name__}")  # noqa: TRY004
        return wanted({name: freeze(item) for name, item in value.items()})
    raise NotImplementedError(f"cannot decode {wanted}")
