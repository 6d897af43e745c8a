"""Constants of the program, copied each time it runs.

How many there are decides the time, and not which; so they are no part of the operator's
value.
"""

from __future__ import annotations

import math

from edgeslim.ops._kind import ELEMENT_TYPES, OperatorKind
from edgeslim.opspec import Attribute, OpSpec

__all__ = ["KIND"]

_LISTS: dict[str, tuple[str, int | float]] = {
    "bool": ("bool_values", 0),
    "int32": ("int32_values", 0),
    "int64": ("int64_values", 0),
    "float32": ("fp32_values", 0.0),
}
"""By type of the elements, the attribute that lists them, and a nought of it."""


def _zeros(spec: OpSpec) -> dict[str, Attribute]:
    """The list that the operator reads, of as many elements as it has."""
    element_type = ELEMENT_TYPES.get(spec.attributes["dtype"], "float32")
    name, nought = _LISTS.get(element_type, _LISTS["float32"])
    return {name: (nought,) * math.prod(spec.output_shape)}


KIND = OperatorKind(
    kind="assign_value",
    slots=("X",),
    attributes={"dtype": 5, "shape": (1,)},
    long_attributes=frozenset({"int64_values"}),
    filled=_zeros,
)
