"""Rectified linear unit with a slope below zero."""

from __future__ import annotations

from edgeslim.ops._channel_rules import pointwise
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="leaky_relu",
    slots=("X",),
    attributes={"alpha": 0.02},
    channels=pointwise,
)
