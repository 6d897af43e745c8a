"""Values of Paddle 3's attributes converted to the types that old operators declare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgeslim.ops import ELEMENT_NUMBERS
from edgeslim.paddle_io.proto import framework

__all__ = ["attribute_fields", "convert_value", "element_number"]

_UNDEFINED = -1
"""Stands for a type of elements: the same as the input's."""


def convert_value(value: Any, kind: str) -> Any:  # noqa: ANN401 - of many types
    """Converts a value to the type ``kind`` of an old attribute.

    Versions of the format differ in whether numbers are floats, doubles, or 32 or 64 bits wide;
    the old attribute decides. A single number may come as a list of one.

    Raises:
        ValueError: The type cannot hold the value.
    """
    if kind in _OF_LISTS:
        items = value if isinstance(value, list) else [value]
        return [_OF_LISTS[kind](item) for item in items]
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
    return _OF_ONE[kind](value)


def element_number(element: str) -> int:
    """Paddle's number for a type of elements.

    Raises:
        ValueError: Old programs have no such type.
    """
    if element not in ELEMENT_NUMBERS:
        raise ValueError(f"it computes with {element}, which old programs do not have")
    return ELEMENT_NUMBERS[element]


def attribute_fields(name: str, kind: str, value: Any) -> dict[str, Any]:  # noqa: ANN401
    """The fields of the ``OpDesc.Attr`` that holds a value of a declared type."""
    if kind == "scalars":
        return {"name": name, "type": _SCALARS, "scalars": list(map(_scalar_message, value))}
    declared, where = _FIELDS[kind]
    return {"name": name, "type": declared, where: value}


def _scalar_message(number: bool | float) -> Any:  # noqa: ANN401 - a Scalar
    scalar = framework().Scalar
    if isinstance(number, bool):
        return scalar(type=scalar.BOOLEAN, b=number)
    if isinstance(number, int):
        return scalar(type=scalar.LONG, i=number)
    return scalar(type=scalar.FLOAT64, r=number)


def _integer(bits: int) -> Callable[[Any], int]:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1)

    def convert(value: Any) -> int:  # noqa: ANN401
        if type(value) is int and low <= value < high:  # as almost all are
            return value
        if isinstance(value, (list, str, complex)) or value is None:
            raise ValueError(f"{value!r} is no whole number")
        number = int(value)
        if number != value:
            raise ValueError(f"{value!r} is no whole number")
        if not low <= number < high:
            raise ValueError(f"{number} does not fit into {bits} bits")
        return number

    return convert


def _axis_limit(value: Any) -> int:  # noqa: ANN401
    """A start or end along an axis; what 32 bits do not hold means the axis's own end."""
    return max(-(2**31), min(_integer(64)(value), 2**31 - 1))


def _float(value: Any) -> float:  # noqa: ANN401
    if isinstance(value, (list, str, complex)) or value is None:
        raise ValueError(f"{value!r} is no number")
    return float(value)


def _bool(value: Any) -> bool:  # noqa: ANN401
    if value not in {True, False}:
        raise ValueError(f"{value!r} is neither true nor false")
    return bool(value)


def _text(value: Any) -> str:  # noqa: ANN401
    """A text; numbers become texts as well, since tolerances are texts in old programs."""
    if isinstance(value, (list, complex)) or value is None:
        raise ValueError(f"{value!r} is no text")
    return value if isinstance(value, str) else repr(float(value))


def _scalar(value: Any) -> bool | int | float:  # noqa: ANN401
    if not isinstance(value, (bool, int, float)):
        raise ValueError(f"{value!r} is no number")  # noqa: TRY004 - one error for all of them
    return value


def _type(value: Any) -> int:  # noqa: ANN401
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no type of elements")  # noqa: TRY004
    return _UNDEFINED if value.startswith("Undefined") else element_number(value)


_OF_ONE: dict[str, Callable[[Any], Any]] = {
    "bool": _bool,
    "float": _float,
    "float64": _float,
    "int": _integer(32),
    "long": _integer(64),
    "str": _text,
    "type": _type,
}

_OF_LISTS: dict[str, Callable[[Any], Any]] = {
    "bounds": _axis_limit,
    "float64s": _float,
    "floats": _float,
    "ints": _integer(32),
    "longs": _integer(64),
    "scalars": _scalar,
}

_FIELDS = {
    "bool": (6, "b"),
    "bounds": (3, "ints"),
    "float": (1, "f"),
    "float64": (15, "float64"),
    "float64s": (12, "float64s"),
    "floats": (4, "floats"),
    "int": (0, "i"),
    "ints": (3, "ints"),
    "long": (9, "l"),
    "longs": (11, "longs"),
    "str": (2, "s"),
    "type": (0, "i"),
}
"""Paddle's ``AttrType`` of each type, and the field of an attribute that holds its value."""

_SCALARS = 17
"""The ``AttrType`` of lists whose numbers say their own types."""
