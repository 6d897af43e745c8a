"""Networks whose operators `opt` would merge wrongly."""

from __future__ import annotations

from typing import Any

import paddle
from paddle import nn
from paddle.nn import functional

from tests.targets.examples._layers import Computed
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]


def _swish_behind_transposed() -> nn.Layer:
    return nn.Sequential(nn.Conv2DTranspose(4, 3, 2), nn.Hardswish())


def _sides(x: Any) -> Any:
    return functional.pad(x, [1, 1, 2, 2], mode="reflect")


def _behind(*layers: nn.Layer) -> nn.Layer:
    return nn.Sequential(nn.Conv2D(4, 4, 3), *layers)


class _SharedFilter(nn.Layer):
    """A convolution for two inputs, with a norm for each."""

    def __init__(self) -> None:
        super().__init__()
        self.both = nn.Conv2D(4, 4, 3)
        self.norms = nn.LayerList([nn.BatchNorm2D(4), nn.BatchNorm2D(4)])
        for number, norm in enumerate(self.norms, start=1):
            norm.weight.set_value(norm.weight * (1.0 + number))

    def forward(self, x: Any) -> Any:
        left, right = (norm(self.both(x * place)) for place, norm in enumerate(self.norms, 1))
        return left + right


class _Added(nn.Layer):
    """A constant added behind a convolution."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.before = nn.Conv2D(4, 4, 1)
        self.constant = self.create_parameter(
            shape, default_initializer=nn.initializer.Normal(0.0, 1.0)
        )

    def forward(self, x: Any) -> Any:
        return self.before(x) + self.constant


def _turned_groups(x: Any) -> Any:
    """What looks like a shuffle of channels, and gives another shape."""
    cut = paddle.transpose(paddle.reshape(x, [1, 2, 2, 8, 8]), [0, 2, 1, 4, 3])
    return paddle.reshape(cut, [1, 4, 8, 8])


def _turned_softmax(x: Any) -> Any:
    first = paddle.transpose(x, [0, 2, 3, 1])
    return paddle.transpose(functional.softmax(first), [0, 1, 3, 2])


EXAMPLES = (
    Example(
        law="convolution-pairs",
        build=lambda: nn.Sequential(nn.Conv2D(4, 8, 1), nn.Conv2D(8, 2, 3, stride=2)),
    ),
    Example(law="swish-behind-transposed", build=_swish_behind_transposed),
    Example(law="magnitudes-behind-sums", build=lambda: Computed(lambda x: paddle.abs(x + x * x))),
    Example(law="sides-of-padding", build=lambda: Computed(_sides)),
    Example(
        law="factors-behind-activations",
        build=lambda: _behind(nn.ReLU(), Computed(lambda x: 1.0 - x)),
    ),
    Example(law="activations-in-a-row", build=lambda: _behind(nn.LeakyReLU(0.1), nn.Hardswish())),
    Example(law="factors-of-shared-filters", build=_SharedFilter),
    Example(
        law="offsets-before-factors",
        build=lambda: _behind(
            Computed(lambda x: paddle.scale(x, 2.0, 1.5, bias_after_scale=False))
        ),
    ),
    Example(law="no-shuffles", build=lambda: Computed(_turned_groups)),
    Example(law="softmax-between-turns", build=lambda: Computed(_turned_softmax)),
    Example(law="constants-taken-for-biases", build=lambda: _Added(4, 1, 1)),
    Example(law="constants-no-bias", build=lambda: _Added(8, 8)),
    Example(law="reshaped-biases", build=lambda: nn.Conv2D(4, 4, 3)),
    Example(law="identities-of-inputs", build=lambda: nn.Sequential(nn.Dropout(), nn.ReLU())),
)
