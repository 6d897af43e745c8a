"""A tensor cut along an axis."""

from __future__ import annotations

from edgeslim.ops._channel_rules import split
from edgeslim.ops._channel_sizes import sections
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="split",
    slots=("X",),
    attributes={"axis": 0, "num": 0, "sections": (0,)},
    channels=split,
    resized=sections,
)
