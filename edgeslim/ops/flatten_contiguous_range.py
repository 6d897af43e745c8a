"""Several axes made one; moves no data where it runs in place."""

from __future__ import annotations

from edgeslim.ops._channel_rules import reshape
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="flatten_contiguous_range",
    slots=("X",),
    scratch=("XShape",),
    attributes={"start_axis": 1, "stop_axis": -1},
    channels=reshape,
)
