"""Axes of one element dropped."""

from __future__ import annotations

from edgeslim.ops._channel_rules import reshape
from edgeslim.ops._channel_sizes import squeezed
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="squeeze2",
    slots=("X",),
    scratch=("XShape",),
    attributes={"axes": (0,)},
    channels=reshape,
    resized=squeezed,
)
