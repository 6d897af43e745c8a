"""Networks that need more memory inside a kernel than it has."""

from __future__ import annotations

from typing import Any

import paddle
from paddle import nn
from paddle.vision.ops import DeformConv2D

from tests.targets.examples._layers import Weighted
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]


def _products_of_channels(x: Any, weight: Any) -> Any:
    return paddle.matmul(x, x * weight, transpose_y=True)


class _Deformed(nn.Layer):
    """A convolution of many channels whose taps are moved."""

    def __init__(self) -> None:
        super().__init__()
        self.offsets = nn.Conv2D(610, 18, 1)
        self.weights = nn.Conv2D(610, 9, 1)
        self.taps = DeformConv2D(610, 2, 3, padding=1)

    def forward(self, x: Any) -> Any:
        return self.taps(x, self.offsets(x), nn.functional.sigmoid(self.weights(x)))


class _Sequence(nn.Layer):
    """An LSTM of many features at each step."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.LSTM(5500, 3)

    def forward(self, x: Any) -> Any:
        return self.layer(x)[0]


EXAMPLES = (
    Example(law="long-sums", build=_Deformed, shape=(1, 610, 4, 3)),
    Example(law="long-sums-of-steps", build=_Sequence, shape=(2, 3, 5500)),
    Example(
        law="long-sums",
        build=lambda: nn.Sequential(nn.Conv2D(608, 6, 3, stride=2, padding=1), nn.ReLU()),
        shape=(2, 608, 7, 5),
    ),
    Example(
        law="long-sums",
        build=lambda: nn.Conv2D(1300, 3, 3, padding=2, dilation=2, bias_attr=False),
        shape=(1, 1300, 4, 4),
    ),
    Example(
        law="long-sums",
        build=lambda: nn.Sequential(nn.Linear(5462, 7), nn.ReLU(), nn.Linear(7, 3)),
        shape=(3, 5462),
    ),
    Example(
        law="long-sums",
        build=lambda: nn.Linear(11000, 5, bias_attr=False),
        shape=(2, 1, 11000),
    ),
    Example(
        law="long-sums",
        build=lambda: Weighted((1, 1, 6000), _products_of_channels),
        shape=(2, 4, 6000),
    ),
    Example(
        law="wide-rows",
        build=lambda: Weighted((3, 131072), paddle.matmul),
        shape=(1, 3),
    ),
    Example(
        law="wide-rows",
        build=lambda: Weighted((131073, 3), lambda x, y: paddle.matmul(x, y, transpose_y=True)),
        shape=(2, 1, 3),
    ),
)
