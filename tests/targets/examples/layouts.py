"""Networks of layouts and types that Paddle-Lite does not have."""

from __future__ import annotations

import paddle
from paddle import nn

from tests.targets.examples._layers import Computed
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]

EXAMPLES = (
    Example(law="channels-last", build=lambda: nn.Conv2D(8, 4, 1, data_format="NHWC")),
    Example(
        law="casts-to-half",
        build=lambda: Computed(lambda x: paddle.cast(paddle.cast(x, "float16"), "float32")),
    ),
)
