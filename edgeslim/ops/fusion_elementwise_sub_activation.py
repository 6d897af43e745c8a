"""Difference of two tensors with the activation behind it."""

from __future__ import annotations

from edgeslim.ops._channel_rules import elementwise
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="fusion_elementwise_sub_activation",
    slots=("X", "Y"),
    attributes={"axis": -1, "act_type": "relu"},
    channels=elementwise,
)
