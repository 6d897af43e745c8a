"""Small layers that examples are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import paddle
from paddle import nn
from paddle.nn import functional

from edgeslim.opspec import Shape

__all__ = ["Appended", "Computed", "SlopesByElement", "Weighted", "of_every_kind"]


class Computed(nn.Layer):
    """What a function computes of one input."""

    def __init__(self, compute: Callable[[Any], Any], **layers: nn.Layer) -> None:
        super().__init__()
        self._compute = compute
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x: Any) -> Any:
        return self._compute(x)


class Weighted(nn.Layer):
    """What a function computes of one input and of numbers between two limits."""

    def __init__(
        self, shape: Shape, compute: Callable[[Any, Any], Any], low: float = -1.0, high: float = 1.0
    ) -> None:
        super().__init__()
        self._compute = compute
        uniform = nn.initializer.Uniform(low, high)
        self.weight = self.create_parameter(shape, default_initializer=uniform)

    def forward(self, x: Any) -> Any:
        return self._compute(x, self.weight)


class SlopesByElement(nn.Layer):
    """A linear unit with a slope for each element, which Paddle 2 has for static programs only."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        uniform = nn.initializer.Uniform(0.1, 0.9)
        self.slopes = self.create_parameter([1, *shape], default_initializer=uniform)

    def forward(self, x: Any) -> Any:
        if paddle.in_dynamic_mode():
            return paddle._C_ops.prelu(x, self.slopes, "NCHW", "element")
        block = paddle.static.default_main_program().current_block()
        made = block.create_var(dtype=x.dtype, shape=x.shape)
        block.append_op(
            type="prelu",
            inputs={"X": x, "Alpha": self.slopes},
            outputs={"Out": made},
            attrs={"mode": "element", "data_format": "NCHW"},
        )
        return made


class Appended(nn.Layer):
    """An operator of one input that Paddle 1 has, and no function of Paddle 2 writes.

    Args:
        kind: It.
        shape: Of what it makes.
        compute: What that is.
    """

    def __init__(self, kind: str, shape: Shape, compute: Callable[[Any], Any]) -> None:
        super().__init__()
        self._kind, self._shape, self._compute = kind, shape, compute

    def forward(self, x: Any) -> Any:
        if paddle.in_dynamic_mode():
            return self._compute(x)
        block = paddle.static.default_main_program().current_block()
        made = block.create_var(dtype=x.dtype, shape=self._shape)
        block.append_op(type=self._kind, inputs={"X": x}, outputs={"Out": made})
        return made


def of_every_kind(x: Any) -> Any:
    """Numbers, infinities of both signs and no numbers, in four times as many channels."""
    ends = x / functional.relu(x)
    return paddle.concat([x, ends, 1.0 / functional.relu(x), ends - ends], axis=1)
