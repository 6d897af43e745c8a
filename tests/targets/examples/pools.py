"""Networks that pool."""

from __future__ import annotations

from typing import Any

import paddle
from paddle import nn
from paddle.nn import functional

from edgeslim.opspec import Shape
from tests.targets.examples._layers import Computed
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]


def _example(law: str, shape: Shape, kind: Any, *sizes: Any, **others: Any) -> Example:
    return Example(law=law, build=lambda: kind(*sizes, **others), shape=shape)


def _average(law: str, shape: Shape, *sizes: Any, **others: Any) -> Example:
    return _example(law, shape, nn.AvgPool2D, *sizes, **others)


def _largest(law: str, shape: Shape, *sizes: Any, **others: Any) -> Example:
    return _example(law, shape, nn.MaxPool2D, *sizes, **others)


EXAMPLES = (
    _example("adaptive-windows", (1, 4, 9, 9), nn.AdaptiveAvgPool2D, 3),
    _example("adaptive-windows", (1, 4, 7, 7), nn.AdaptiveAvgPool2D, 7),
    Example(
        law="adaptive-windows",
        build=lambda: nn.Sequential(nn.Conv2D(4, 4, 3), nn.AdaptiveAvgPool2D(6), nn.ReLU()),
    ),
    _average("counted-padding", (1, 4, 6, 8), 13, 1, padding=6, exclusive=False),
    _average("counted-padding", (1, 4, 12, 15), 2, 2, padding=[0, 0, 0, 1], exclusive=False),
    _average("counted-padding", (1, 4, 6, 2), 7, (2, 3), padding=[2, 6, 4, 4], exclusive=False),
    _largest("empty-windows", (1, 4, 9, 11), 2, 2, padding=1, ceil_mode=True),
    _largest("empty-windows", (1, 4, 10, 12), 1, 2, ceil_mode=True),
    _largest("shared-padding", (2, 4, 12, 10), 7, 1, padding=3),
    _largest("shared-padding", (1, 4, 20, 20), 9, 1, padding=4),
    _largest("shared-padding", (1, 4, 5, 9), 13, 1, padding=6),
    _largest("shared-padding", (1, 4, 3, 9), 7, 1, padding=3),
    _largest("shared-padding", (1, 4, 3, 9), 3, 1, padding=1),
    _largest("shared-padding", (1, 4, 9, 9), 4, 1, padding=2),
    _largest("shared-padding", (1, 4, 9, 9), 5, 1),
    _largest("shared-padding", (1, 4, 9, 9), 1, 1),
    Example(
        law="shared-padding",
        build=lambda: Computed(
            lambda x: paddle.concat(
                [functional.max_pool2d(x, size, 1, size // 2) for size in (13, 5, 9)], 1
            )
        ),
    ),
    _average("few-columns", (1, 4, 9, 9), 3, 2),
    _average("few-columns", (1, 4, 6, 8), 3, 2, ceil_mode=True),
    _average("few-columns", (1, 4, 9, 8), 3, 2, exclusive=False),
    _average("few-columns", (1, 4, 8, 10), 3, 2),
    _average("shared-weight", (1, 4, 11, 12), 2, 2, ceil_mode=True),
    _average("shared-weight", (1, 4, 11, 11), 2, 2, padding="SAME"),
    _average("shared-weight", (1, 4, 11, 11), 2, 2, ceil_mode=True, exclusive=False),
    Example(
        law="pooling-with-places",
        build=lambda: Computed(
            lambda x: functional.max_pool2d(x, 3, 2, [0, 1], return_mask=True, ceil_mode=True)[0]
        ),
        shape=(1, 4, 8, 9),
    ),
)
