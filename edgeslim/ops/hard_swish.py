"""``x * relu6(x + offset) / scale``."""

from __future__ import annotations

from edgeslim.ops._channel_rules import pointwise
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="hard_swish",
    slots=("X",),
    attributes={"threshold": 6.0, "scale": 6.0, "offset": 3.0},
    channels=pointwise,
)
