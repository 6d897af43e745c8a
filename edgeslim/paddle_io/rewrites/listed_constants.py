"""Constants in a list of their type, where Paddle 3 has one list for all types."""

from __future__ import annotations

from typing import Any

from edgeslim.paddle_io.proto import add_attribute
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_in_place
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.forms import CONSTANT_LISTS, CONSTANTS_OF_ANY_TYPE

__all__ = ["REWRITE"]

_FIELDS = {"bool_values": "i", "int32_values": "i", "int64_values": "l", "fp32_values": "r"}
"""The kind of numbers in each list: integers, integers of 64 bits, or floats."""


def _add_list(s: Sketch) -> bool:
    values = next((attr for attr in s.op.attrs if attr.name == "values"), None)
    if values is None:
        return False
    name = CONSTANT_LISTS[s.attribute("dtype", 0)]
    field = _FIELDS[name]
    numbers = tuple(_number(scalar, field) for scalar in values.scalars)
    add_attribute(s.op, name, numbers, like=(0.0,) if field == "r" else (0,), long=field == "l")
    return True


def _number(scalar: Any, field: str) -> int | float:  # noqa: ANN401 - a Scalar
    types = type(scalar)
    number = {types.BOOLEAN: scalar.b, types.LONG: scalar.i}.get(scalar.type, scalar.r)
    return float(number) if field == "r" else int(number)


REWRITE = rewrite_in_place(RewriteStage.FORM, _add_list, CONSTANTS_OF_ANY_TYPE)
