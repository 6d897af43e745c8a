"""Each channel of each image normalised."""

from __future__ import annotations

from edgeslim.ops._channel_rules import normalised
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="instance_norm",
    slots=("X", "Scale", "Bias"),
    outputs=("Y",),
    scratch=("SavedMean", "SavedVariance"),
    attributes={"epsilon": 1e-5},
    channels=normalised,
)
