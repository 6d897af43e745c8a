"""Networks that pool."""

from __future__ import annotations

from paddle import nn

from tests.targets.nets import Example

__all__ = ["EXAMPLES"]

EXAMPLES = (
    Example(law="adaptive-windows", build=lambda: nn.AdaptiveAvgPool2D(3), shape=(1, 4, 9, 9)),
    Example(law="adaptive-windows", build=lambda: nn.AdaptiveAvgPool2D(7), shape=(1, 4, 7, 7)),
    Example(law="adaptive-windows", build=lambda: nn.AdaptiveAvgPool2D((2, 3)), shape=(2, 4, 8, 6)),
)
