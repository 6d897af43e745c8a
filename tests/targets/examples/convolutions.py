"""Networks of convolutions."""

from __future__ import annotations

from paddle import nn

from tests.targets.nets import Example

__all__ = ["EXAMPLES"]

EXAMPLES = (
    Example(
        law="transposed-depthwise",
        build=lambda: nn.Conv2DTranspose(4, 4, 3, stride=2, padding=1, groups=4),
    ),
    Example(
        law="narrow-depthwise",
        build=lambda: nn.Conv2D(4, 4, 3, stride=2, padding="SAME", groups=4),
        shape=(2, 4, 4, 6),
    ),
    Example(
        law="narrow-depthwise",
        build=lambda: nn.Conv2D(4, 4, 3, stride=2, padding=[0, 1, 0, 1], groups=4),
        shape=(1, 4, 7, 8),
    ),
)
