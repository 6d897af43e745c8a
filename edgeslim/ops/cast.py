"""Another number format.

``in_dtype`` and ``out_dtype`` are Paddle's numbers for element types.
"""

from __future__ import annotations

from edgeslim.ops._channel_rules import pointwise
from edgeslim.ops._kind import ELEMENT_TYPES, OperatorKind
from edgeslim.opspec import OpSpec

__all__ = ["KIND"]


def _element_type(spec: OpSpec) -> str:
    return ELEMENT_TYPES.get(spec.attributes.get("in_dtype", 5), "float32")


KIND = OperatorKind(
    kind="cast",
    slots=("X",),
    attributes={"in_dtype": 5, "out_dtype": 5},
    element_type=_element_type,
    channels=pointwise,
)
