"""Networks of any space without the values that they begin with."""

from __future__ import annotations

from typing import Any

import paddle
from paddle import nn

from edgeslim.training._shared_weights import parameter_slots

__all__ = ["OfZeros"]


class OfZeros:
    """A space whose networks draw no values, which takes most of building one."""

    def __init__(self, space: Any) -> None:
        self._space = space

    def __getattr__(self, name: str) -> Any:
        return getattr(self._space, name)

    def build(self, tokens: tuple[int, ...]) -> nn.Layer:
        with paddle.LazyGuard():
            net = self._space.build(tokens)
        for place in list(parameter_slots(net)):
            zeros = paddle.zeros(place.tensor.shape)
            zeros.stop_gradient = False
            place.layer._parameters[place.own_name] = zeros
        return net
