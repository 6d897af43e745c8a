"""The largest along an axis, and their places."""

from __future__ import annotations

from edgeslim.ops._channel_rules import over_axes
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="top_k_v2",
    slots=("X",),
    outputs=("Out", "Indices"),
    attributes={"axis": -1, "k": 1, "largest": True, "sorted": True},
    channels=over_axes,
)
