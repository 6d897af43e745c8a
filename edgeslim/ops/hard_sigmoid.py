"""Piecewise linear logistic function."""

from __future__ import annotations

from edgeslim.ops._channel_rules import pointwise
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="hard_sigmoid",
    slots=("X",),
    attributes={"slope": 0.2, "offset": 0.5},
    channels=pointwise,
)
