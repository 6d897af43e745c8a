"""A small network that knows the digits, saved as models are."""

from __future__ import annotations

from pathlib import Path

from edgeslim.paddle_io.importing import load_paddle
from edgeslim.training.tasks import find_task

SHAPE = (1, 1, 16, 16)


def save_trained(prefix: Path, *, epochs: int = 2) -> float:
    """Trains the network, saves it and says how accurate it is."""
    paddle = load_paddle()
    from edgeslim.paddle_io.export import export_layer
    from edgeslim.training.trainer import seeded_build, train

    net = seeded_build(lambda: _network(paddle.nn), seed=0)
    data = find_task("digits").data(SHAPE, 0)
    result = train(net, data, epochs=epochs, batch_size=32, learning_rate=0.1, seed=0)
    export_layer(net, [SHAPE], prefix)
    return result.metric


def _network(nn: object) -> object:
    """Convolution, a residual block with a depthwise convolution, and a classifier."""
    from paddle import ParamAttr, nn

    def convolution(name: str, c_in: int, c_out: int, kernel: int, **more: int) -> nn.Layer:
        conv = nn.Conv2D(
            *(c_in, c_out, kernel),
            padding=kernel // 2,
            weight_attr=ParamAttr(name=f"{name}_weights"),
            bias_attr=False,
            **more,
        )
        norm = nn.BatchNorm2D(
            c_out,
            weight_attr=ParamAttr(name=f"{name}_scale"),
            bias_attr=ParamAttr(name=f"{name}_offset"),
        )
        return nn.Sequential(conv, norm)

    class Network(nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.first = convolution("first", 1, 10, 3, stride=4)
            self.expand = convolution("expand", 10, 16, 1)
            self.depthwise = convolution("depthwise", 16, 16, 3, groups=16)
            self.project = convolution("project", 16, 10, 1)
            self.relu = nn.ReLU()
            self.classify = nn.Linear(160, 10)

        def forward(self, images: object) -> object:
            start = self.relu(self.first(images))
            hidden = self.relu(self.depthwise(self.relu(self.expand(start))))
            return self.classify((start + self.project(hidden)).flatten(1))

    return Network()
