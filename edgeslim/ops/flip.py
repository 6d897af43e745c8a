"""Order turned round along some axes."""

from __future__ import annotations

from edgeslim.ops._channel_rules import over_axes
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="flip",
    slots=("X",),
    attributes={"axis": (0,)},
    channels=over_axes,
)
