"""A call of each function that Paddle 3.3 moved into native code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import paddle
import paddle.nn.functional as F  # noqa: N812 - the name that everybody uses

Tensor = Any

CASES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    # Two tensors of (2, 3, 4) with elements between 0.1 and 0.9 are given.
    "abs": lambda x, y: paddle.abs(x - y),
    "acosh": lambda x, y: paddle.acosh(x + 1.0),
    "all": lambda x, y: paddle.all(x > 0.2, axis=1),
    "amax": lambda x, y: paddle.amax(x, axis=[0, 2], keepdim=True),
    "amin": lambda x, y: x.amin(),
    "any": lambda x, y: paddle.any(x > 0.8, axis=-1, keepdim=True),
    "argmax": lambda x, y: paddle.argmax(x, axis=1),
    "argmin": lambda x, y: x.argmin(),
    "bmm": lambda x, y: paddle.bmm(x, y.transpose([0, 2, 1])),
    "diagonal": lambda x, y: paddle.diagonal(x, offset=1, axis1=1, axis2=2),
    "dot": lambda x, y: paddle.dot(x[0], y[0]),
    "expand_as": lambda x, y: paddle.expand_as(x[:1], y),
    "gelu": lambda x, y: F.gelu(x) + F.gelu(y, approximate=True) + F.gelu(y, "tanh"),
    "greater_than": paddle.greater_than,
    "grid_sample": lambda x, y: F.grid_sample(
        x.reshape([1, 2, 3, 4]), y.reshape([1, 4, 3, 2]), mode="nearest", align_corners=False
    ),
    "index_put": lambda x, y: paddle.index_put(x, (paddle.full([1], 1, "int64"),), y[0]),
    "isclose": lambda x, y: paddle.isclose(x, y, rtol=0.1, atol=0.2),
    "logical_and": lambda x, y: paddle.logical_and(x > 0.5, y > 0.5),
    "logical_not": lambda x, y: paddle.logical_not(x > 0.5),
    "logical_or": lambda x, y: (x > 0.5).logical_or(y > 0.5),
    "logical_xor": lambda x, y: paddle.logical_xor(x > 0.5, y > 0.5),
    "logsumexp": lambda x, y: paddle.logsumexp(x) + paddle.logsumexp(input=y, dim=1),
    "matmul": lambda x, y: paddle.matmul(x, y, transpose_y=True) + x.matmul(y, False, True),
    "maximum": lambda x, y: paddle.maximum(x, other=y),
    "minimum": lambda x, y: x.minimum(y),
    "multiply": lambda x, y: paddle.multiply(x, y[0]),
    "roll": lambda x, y: paddle.roll(x, 1) + paddle.roll(y, [1, 2], axis=[1, 2]),
    "round": lambda x, y: paddle.round(x * 10.0),
    "softplus": lambda x, y: F.softplus(x, beta=2, threshold=1.5),
    "sum": lambda x, y: paddle.sum(x) + y.sum(1, True) + paddle.sum(x, [1], "float32", True),
    "tril": lambda x, y: paddle.tril(x, diagonal=-1),
    "triu": lambda x, y: x.triu(),
}
"""Functions of one tensor and nothing else are called without a case of their own."""


def call(name: str) -> Callable[[Tensor, Tensor], Tensor]:
    """The case of a function."""
    return CASES.get(name) or (lambda x, _y: getattr(paddle, name, None)(x))  # type: ignore[misc]
