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
)
