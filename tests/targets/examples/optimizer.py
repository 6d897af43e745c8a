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


EXAMPLES = (
    Example(
        law="convolution-pairs",
        build=lambda: nn.Sequential(nn.Conv2D(4, 8, 1), nn.Conv2D(8, 2, 3, stride=2)),
    ),
    Example(law="swish-behind-transposed", build=_swish_behind_transposed),
    Example(law="magnitudes-behind-sums", build=lambda: Computed(lambda x: paddle.abs(x + x * x))),
    Example(law="sides-of-padding", build=lambda: Computed(_sides)),
)
