"""Networks with convolutions whose taps are moved."""

from __future__ import annotations

from functools import partial
from typing import Any

from paddle import nn
from paddle.nn import functional
from paddle.vision.ops import DeformConv2D

from tests.targets.nets import Example

__all__ = ["EXAMPLES"]


class Deformed(nn.Layer):
    """A convolution whose taps are moved, and weighed or not, by others."""

    def __init__(self, groups: int, deformable_groups: int, *, weighed: bool = True) -> None:
        super().__init__()
        self.offsets = nn.Conv2D(4, 18 * deformable_groups, 3, padding=1)
        self.weights = nn.Conv2D(4, 9 * deformable_groups, 3, padding=1) if weighed else None
        self.taps = DeformConv2D(
            4, 8, 3, padding=1, groups=groups, deformable_groups=deformable_groups
        )

    def forward(self, x: Any) -> Any:
        if self.weights is None:
            return self.taps(x, self.offsets(x))
        return self.taps(x, self.offsets(x), functional.sigmoid(self.weights(x)))


EXAMPLES = (
    Example(law="absent-taps", build=lambda: Deformed(2, 1, weighed=False), shape=(2, 4, 7, 6)),
    *(
        Example(
            law="deformable-groups",
            build=partial(Deformed, *counts),
            shape=(2, 4, 7, 6),
        )
        for counts in ((2, 1), (1, 2), (2, 2), (2, 4))
    ),
)
