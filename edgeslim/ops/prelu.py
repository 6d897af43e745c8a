"""Rectified linear unit with learned slopes below zero."""

from __future__ import annotations

from edgeslim.ops._channel_rules import prelu
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="prelu",
    slots=("X", "Alpha"),
    attributes={"mode": "all"},
    channels=prelu,
)
