"""Smooth rectified linear unit."""

from __future__ import annotations

from edgeslim.ops._channel_rules import pointwise
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="softplus",
    slots=("X",),
    attributes={"beta": 1.0, "threshold": 20.0},
    channels=pointwise,
)
