"""Another shape for the same data."""

from __future__ import annotations

from edgeslim.ops._channel_rules import reshape
from edgeslim.ops._channel_sizes import reshaped_sizes
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="reshape2",
    slots=("X",),
    scratch=("XShape",),
    attributes={"shape": (0,)},
    channels=reshape,
    resized=reshaped_sizes,
)
