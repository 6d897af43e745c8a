"""Product of two tensors: the gate of squeeze-and-excitation."""

from __future__ import annotations

from edgeslim.ops._channel_rules import elementwise
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="elementwise_mul",
    slots=("X", "Y"),
    attributes={"axis": -1},
    channels=elementwise,
)
