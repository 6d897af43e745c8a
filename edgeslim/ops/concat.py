"""Tensors joined along an axis."""

from __future__ import annotations

from edgeslim.ops._channel_rules import concat
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="concat",
    slots=("X",),
    attributes={"axis": 0},
    channels=concat,
)
