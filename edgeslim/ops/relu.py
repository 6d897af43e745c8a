"""Rectified linear unit."""

from __future__ import annotations

from edgeslim.ops._channel_rules import pointwise
from edgeslim.ops._kind import OperatorKind, elements

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="relu",
    slots=("X",),
    paddleslim1_flops=elements,
    channels=pointwise,
)
