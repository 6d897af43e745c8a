"""Groups of channels of each image normalised."""

from __future__ import annotations

from edgeslim.ops._channel_rules import over_axes
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="group_norm",
    slots=("X", "Scale", "Bias"),
    outputs=("Y",),
    scratch=("Mean", "Variance"),
    attributes={"groups": 1, "epsilon": 1e-5, "data_layout": "NCHW"},
    channels=over_axes,
)
