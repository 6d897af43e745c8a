"""Each image normalised from an axis on."""

from __future__ import annotations

from edgeslim.ops._channel_rules import over_axes
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="layer_norm",
    slots=("X", "Scale", "Bias"),
    outputs=("Y",),
    scratch=("Mean", "Variance"),
    attributes={"begin_norm_axis": 1, "epsilon": 1e-5},
    channels=over_axes,
)
