"""Images framed."""

from __future__ import annotations

from edgeslim.ops._channel_rules import spatial
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="pad2d",
    slots=("X",),
    attributes={
        "mode": "constant",
        "paddings": (0, 0, 0, 0),
        "pad_value": 0.0,
        "data_format": "NCHW",
    },
    channels=spatial,
)
