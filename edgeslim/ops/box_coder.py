"""Boxes said relative to others."""

from __future__ import annotations

from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="box_coder",
    slots=("PriorBox", "PriorBoxVar", "TargetBox"),
    outputs=("OutputBox",),
    attributes={
        "code_type": "encode_center_size",
        "box_normalized": True,
        "axis": 0,
        "variance": (0.0,),
    },
)
