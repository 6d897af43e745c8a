"""Channels of several groups interleaved."""

from __future__ import annotations

from edgeslim.ops._channel_rules import shuffle
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="shuffle_channel",
    slots=("X",),
    attributes={"group": 1},
    channels=shuffle,
)
