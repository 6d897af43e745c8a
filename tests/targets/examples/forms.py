"""Networks that Paddle writes otherwise than Paddle-Lite reads them."""

from __future__ import annotations

from typing import Any

import paddle
from paddle import nn

from tests.targets.examples._layers import Computed, Weighted
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]


def _any_above(x: Any) -> Any:
    found = paddle.any(x > 0.5, axis=[-1])
    return paddle.cast(found, "float32") * 2.0


EXAMPLES = (
    Example(law="other-names", build=lambda: nn.ChannelShuffle(2)),
    Example(
        law="constants-of-any-type", build=lambda: Computed(lambda x: x * paddle.to_tensor([2.5]))
    ),
    Example(
        law="constants-without-axes", build=lambda: Computed(lambda x: x * paddle.full([], 2.5))
    ),
    Example(law="parameters-without-axes", build=lambda: Weighted((), lambda x, w: x.max() - w)),
    Example(
        law="parameters-without-axes",
        build=lambda: Weighted((), lambda x, w: paddle.cast(x > w, "float32") + x.sum()),
    ),
    Example(
        law="shapes-without-axes",
        build=lambda: Computed(lambda x: x * x.sum([1, 2, 3]).reshape([])),
    ),
    Example(law="axes-of-truth", build=lambda: Computed(_any_above)),
    Example(
        law="doubles",
        build=lambda: Computed(
            lambda x: paddle.cast(paddle.exp(paddle.cast(x, "float64")), "float32")
        ),
    ),
    Example(
        law="norms-without-weights",
        build=lambda: nn.LayerNorm(8, weight_attr=False, bias_attr=False),
    ),
    Example(
        law="factor-tensors", build=lambda: Computed(lambda x: paddle.scale(x, paddle.max(x), 1.5))
    ),
    Example(
        law="parameters-computed", build=lambda: nn.utils.weight_norm(nn.Conv2D(4, 3, 3), dim=None)
    ),
)
