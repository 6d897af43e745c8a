"""Operators that pick elements by where they are."""

from __future__ import annotations

from edgeslim.ops._channel_rules import across_axes, slices
from edgeslim.ops._channel_sizes import slice_bounds
from edgeslim.ops._kind import OperatorKind
from edgeslim.opspec import Attribute

__all__ = ["KINDS"]

_BOUNDS: dict[str, Attribute] = {"axes": (0,), "starts": (0,), "ends": (0,)}
_DROPPED: dict[str, Attribute] = {"decrease_axis": (0,), "infer_flags": (0,)}

KINDS = (
    OperatorKind(kind="flip", attributes={"axis": (0,)}, channels=across_axes),
    OperatorKind(
        kind="gather",
        slots=("X", "Index"),
        attributes={"axis": 0},
        constants={"Index": 0},
        channels=across_axes,
    ),
    OperatorKind(
        kind="slice",
        slots=("Input",),
        attributes={**_BOUNDS, **_DROPPED},
        channels=slices,
        changed_attributes=slice_bounds,
    ),
    OperatorKind(
        kind="strided_slice",
        slots=("Input",),
        attributes={**_BOUNDS, "strides": (1,), **_DROPPED},
        channels=slices,
        changed_attributes=slice_bounds,
    ),
)
