"""Repetition along each axis."""

from __future__ import annotations

from edgeslim.ops._channel_rules import tile
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="tile",
    slots=("X",),
    attributes={"repeat_times": (1,)},
    channels=tile,
)
