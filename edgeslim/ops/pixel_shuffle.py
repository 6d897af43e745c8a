"""Channels laid out as finer pixels."""

from __future__ import annotations

from edgeslim.ops._channel_rules import pixel_shuffle
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="pixel_shuffle",
    slots=("X",),
    attributes={"upscale_factor": 1},
    channels=pixel_shuffle,
)
