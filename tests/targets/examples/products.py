"""Networks that multiply matrices."""

from __future__ import annotations

from typing import Any

import paddle

from tests.targets.examples._layers import Weighted
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]


def _row_by_computed(x: Any, bias: Any) -> Any:
    square = paddle.matmul(x, x, transpose_x=True)
    return paddle.matmul(paddle.tanh(x), square) + bias


EXAMPLES = (
    Example(
        law="rows-by-computed-matrices",
        build=lambda: Weighted((6,), _row_by_computed),
        shape=(1, 6),
    ),
)
