"""A part along some axes."""

from __future__ import annotations

from edgeslim.ops._channel_rules import slices
from edgeslim.ops._channel_sizes import sliced
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="slice",
    slots=("Input",),
    attributes={
        "axes": (0,),
        "starts": (0,),
        "ends": (0,),
        "decrease_axis": (0,),
        "infer_flags": (0,),
    },
    channels=slices,
    resized=sliced,
)
