"""Tensors whose values are known before a network runs."""

from __future__ import annotations

import math

from edgeslim.ops._kind import ELEMENT_TYPES, OperatorKind
from edgeslim.opspec import Attribute, OpSpec

__all__ = ["KINDS"]

_LISTS: dict[str, tuple[str, int | float]] = {
    "bool": ("bool_values", 0),
    "int32": ("int32_values", 0),
    "int64": ("int64_values", 0),
    "float32": ("fp32_values", 0.0),
}
"""By type of the elements, the attribute that lists them, and a zero of that type."""


def _zeros(spec: OpSpec) -> dict[str, Attribute]:
    """The list that `assign_value` copies, of as many elements as it has.

    How many there are decides the time, and not which; so they are no part of its `OpSpec`.
    """
    element_type = ELEMENT_TYPES.get(spec.attributes["dtype"], "float32")
    name, zero = _LISTS.get(element_type, _LISTS["float32"])
    return {name: (zero,) * math.prod(spec.output_shape)}


KINDS = (
    OperatorKind(
        kind="assign_value",
        attributes={"dtype": 5, "shape": (1,)},
        long_attributes=frozenset({"int64_values"}),
        placeholder_attributes=_zeros,
    ),
    OperatorKind(
        kind="fill_constant",
        slots=("ValueTensor", "ShapeTensor", "ShapeTensorList"),
        attributes={"value": 0.0, "dtype": 5, "shape": (1,)},
        required_attributes={"force_cpu": False, "str_value": ""},
    ),
    OperatorKind(kind="shape", slots=("Input",)),
)
