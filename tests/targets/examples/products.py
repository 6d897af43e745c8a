"""Networks that multiply matrices."""

from __future__ import annotations

from typing import Any

import paddle

from edgeslim.opspec import Shape
from tests.targets.examples._layers import Weighted
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]


def _row_by_computed(x: Any, bias: Any) -> Any:
    square = paddle.matmul(x, x, transpose_x=True)
    return paddle.matmul(paddle.tanh(x), square) + bias


def _by_weight(shape: Shape, weight: Shape, **given: bool) -> Example:
    lone = 1 in {len(shape), len(weight)}
    return Example(
        law="vectors" if lone else "unequal-stacks",
        build=lambda: Weighted(weight, lambda x, weight: paddle.matmul(x, weight, **given)),
        shape=shape,
    )


def _vector_with_bias(x: Any, weight: Any) -> Any:
    return paddle.matmul(x, weight) + weight[0]


EXAMPLES = (
    _by_weight((2, 1, 3, 4), (1, 2, 4, 5)),
    _by_weight((2, 3, 4), (1, 4, 5)),
    _by_weight((1, 3, 4), (2, 5, 4), transpose_y=True),
    _by_weight((3, 4, 2), (2, 1, 4, 5), transpose_x=True),
    _by_weight((2, 1, 3, 4), (3, 4, 5)),
    _by_weight((4,), (2, 4, 3)),
    _by_weight((4,), (3, 4), transpose_y=True),
    _by_weight((2, 4, 3), (4,), transpose_x=True),
    Example(law="vectors", build=lambda: Weighted((7, 5), _vector_with_bias), shape=(7,)),
    Example(
        law="rows-by-computed-matrices",
        build=lambda: Weighted((6,), _row_by_computed),
        shape=(1, 6),
    ),
)
