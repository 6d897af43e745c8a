"""Networks that choose elements by their order."""

from __future__ import annotations

import paddle

from tests.targets.examples._layers import Computed
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]

EXAMPLES = (
    Example(
        law="smallest",
        build=lambda: Computed(lambda x: paddle.topk(x, 3, largest=False)),
        shape=(2, 3, 9),
    ),
    Example(
        law="smallest",
        build=lambda: Computed(lambda x: paddle.topk(x, 2, axis=1, largest=False)[0]),
        shape=(2, 5, 4),
    ),
    Example(law="largest-of-all", build=lambda: Computed(paddle.argmax)),
)
