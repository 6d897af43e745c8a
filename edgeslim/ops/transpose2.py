"""Axes in another order."""

from __future__ import annotations

from edgeslim.ops._channel_rules import transpose
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="transpose2",
    slots=("X",),
    scratch=("XShape",),
    attributes={"axis": (0,)},
    channels=transpose,
)
