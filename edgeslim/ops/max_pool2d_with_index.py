"""Maximum pooling that also says where each maximum was; adaptive ones are saved as it."""

from __future__ import annotations

from edgeslim.ops._channel_rules import spatial
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="max_pool2d_with_index",
    slots=("X",),
    scratch=("Mask",),
    attributes={
        "ksize": (1, 1),
        "strides": (1, 1),
        "paddings": (0, 0),
        "global_pooling": False,
        "adaptive": False,
        "ceil_mode": False,
    },
    channels=spatial,
)
