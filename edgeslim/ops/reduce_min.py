"""Smallest along some axes."""

from __future__ import annotations

from edgeslim.ops._channel_rules import over_axes
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="reduce_min",
    slots=("X",),
    attributes={"dim": (0,), "keep_dim": False, "reduce_all": False},
    channels=over_axes,
)
