"""One over the square root."""

from __future__ import annotations

from edgeslim.ops._channel_rules import pointwise
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="rsqrt",
    slots=("X",),
    positive=True,
    channels=pointwise,
)
