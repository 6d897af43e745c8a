"""Place of the largest along an axis."""

from __future__ import annotations

from edgeslim.ops._channel_rules import over_axes
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="arg_max",
    slots=("X",),
    attributes={"axis": -1, "dtype": -1, "flatten": False, "keepdims": False},
    long_attributes=frozenset({"axis"}),
    channels=over_axes,
)
