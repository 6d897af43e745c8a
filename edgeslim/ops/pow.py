"""A constant power."""

from __future__ import annotations

from edgeslim.ops._channel_rules import pointwise
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="pow",
    slots=("X",),
    attributes={"factor": 1.0},
    positive=True,
    channels=pointwise,
)
