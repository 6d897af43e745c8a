"""Networks that put axes into another order."""

from __future__ import annotations

from typing import Any

import paddle

from tests.targets.examples._layers import Computed
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]


def _of_eight_axes(x: Any) -> Any:
    parts = paddle.reshape(x, [1, 2, 3, 2, 2, 2, 2, 3])
    return paddle.transpose(parts, [0, 1, 4, 5, 2, 3, 7, 6])


EXAMPLES = (
    Example(
        law="turned-truth",
        build=lambda: Computed(lambda x: x.astype("float32") * (x.T > 0).T.astype("float32")),
        shape=(4, 6),
    ),
    Example(
        law="turned-truth",
        build=lambda: Computed(lambda x: paddle.transpose(x > 0.3, [0, 2, 3, 1]).astype("float32")),
        shape=(2, 3, 4, 5),
    ),
    Example(law="deep-transpositions", build=lambda: Computed(_of_eight_axes), shape=(2, 12, 12)),
)
