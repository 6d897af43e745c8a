"""Rows chosen by their numbers."""

from __future__ import annotations

from edgeslim.ops._channel_rules import over_axes
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="gather",
    slots=("X", "Index"),
    attributes={"axis": 0},
    constants={"Index": 0},
    channels=over_axes,
)
