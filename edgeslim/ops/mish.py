"""``x * tanh(softplus(x))``."""

from __future__ import annotations

from edgeslim.ops._channel_rules import pointwise
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="mish",
    slots=("X",),
    attributes={"threshold": 20.0},
    channels=pointwise,
)
