"""Tensors put side by side along a new axis."""

from __future__ import annotations

from edgeslim.ops._channel_rules import stack
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="stack",
    slots=("X",),
    outputs=("Y",),
    attributes={"axis": 0},
    channels=stack,
)
