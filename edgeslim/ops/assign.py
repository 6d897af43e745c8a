"""A copy."""

from __future__ import annotations

from edgeslim.ops._channel_rules import copied
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="assign",
    slots=("X",),
    channels=copied,
)
