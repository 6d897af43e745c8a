"""Logarithm of normalised exponentials along an axis."""

from __future__ import annotations

from edgeslim.ops._channel_rules import over_axes
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="log_softmax",
    slots=("X",),
    attributes={"axis": -1},
    channels=over_axes,
)
