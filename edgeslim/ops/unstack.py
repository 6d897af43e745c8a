"""A tensor taken apart along an axis."""

from __future__ import annotations

from edgeslim.ops._channel_rules import unstack
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="unstack",
    slots=("X",),
    outputs=("Y",),
    attributes={"axis": 0, "num": 0},
    channels=unstack,
)
