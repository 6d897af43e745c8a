"""Rectified linear unit with a ceiling."""

from __future__ import annotations

from edgeslim.ops._channel_rules import pointwise
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="relu6",
    slots=("X",),
    attributes={"threshold": 6.0},
    channels=pointwise,
)
