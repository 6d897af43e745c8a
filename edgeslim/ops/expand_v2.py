"""Axes of one element repeated."""

from __future__ import annotations

from edgeslim.ops._channel_rules import tile
from edgeslim.ops._channel_sizes import reshaped_sizes
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="expand_v2",
    slots=("X",),
    attributes={"shape": (1,)},
    channels=tile,
    resized=reshaped_sizes,
)
