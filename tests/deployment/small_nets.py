"""A network that is converted in every precision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgeslim.paddle_io.importing import load_paddle

if TYPE_CHECKING:
    import paddle

__all__ = ["small_net"]


def small_net(*, turned: bool = False) -> paddle.nn.Layer:
    """Convolutions, and products whose weights are larger than all else."""
    paddle: Any = load_paddle()
    paddle.seed(0)

    class Net(paddle.nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.first = paddle.nn.Conv2D(3, 16, 3, padding=1)
            self.deep = paddle.nn.Conv2D(16, 16, 3, padding=1, groups=16)
            self.wide = paddle.nn.Linear(16 * 64, 256)
            self.last = paddle.create_parameter([10, 256], "float32")

        def forward(self, images: paddle.Tensor) -> paddle.nn.Layer:
            relu = paddle.nn.functional.relu
            features = relu(self.deep(relu(self.first(images))))
            flat = relu(self.wide(features.flatten(1)))
            if turned:
                return paddle.matmul(flat, self.last, transpose_y=True)
            return paddle.matmul(flat, self.last.transpose([1, 0]))

    return Net()
