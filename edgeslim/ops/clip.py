"""Limits from below and above, constant ones."""

from __future__ import annotations

from edgeslim.ops._channel_rules import pointwise
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="clip",
    slots=("X",),
    attributes={"min": 0.0, "max": 0.0},
    channels=pointwise,
)
