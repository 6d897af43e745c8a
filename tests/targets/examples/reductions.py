"""Networks that sum over axes."""

from __future__ import annotations

import paddle

from tests.targets.examples._layers import Computed
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]

EXAMPLES = (
    Example(
        law="deep-reductions",
        build=lambda: Computed(lambda x: paddle.mean(x, [1, 2, 4])),
        shape=(2, 3, 2, 3, 4),
    ),
    Example(
        law="deep-reductions",
        build=lambda: Computed(lambda x: paddle.max(x, [2], keepdim=True)),
        shape=(2, 3, 2, 3, 4),
    ),
)
