"""Networks of which the optimizer of Paddle-Lite 2.13 makes other functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from edgeslim.paddle_io.importing import load_paddle

if TYPE_CHECKING:
    import paddle

__all__ = ["ACTIVATIONS", "scaled_behind_activation"]

ACTIVATIONS = ("relu", "relu6", "leaky_relu", "hardswish")


def scaled_behind_activation(
    activation: str, *, factor: float, offset: float, depthwise: bool = False
) -> paddle.nn.Layer:
    """``factor * activation(conv(x)) + offset``."""
    paddle: Any = load_paddle()
    act: Callable[..., paddle.Tensor] = getattr(paddle.nn.functional, activation)

    class Net(paddle.nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.convolution = paddle.nn.Conv2D(4, 4, 3, groups=4 if depthwise else 1)

        def forward(self, x: paddle.Tensor) -> paddle.Tensor:
            return act(self.convolution(x)) * factor + offset

    return Net()
