"""A small network that knows the digits, saved as models are."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import Any

from edgeslim.files import temporary_folder
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.training.tasks import SPLIT_SEED, find_task

SHAPE = (1, 1, 16, 16)


def save_trained(prefix: Path, *, stride: int = 4) -> float:
    """Saves the network, which is trained once a process, and says how accurate it is.

    With a stride of 4 it takes two microseconds, too few to be measured on a busy machine.
    """
    files, accuracy = _trained(stride)
    for suffix, content in files.items():
        prefix.with_suffix(suffix).write_bytes(content)
    return accuracy


@cache
def _trained(stride: int) -> tuple[dict[str, bytes], float]:
    paddle = load_paddle()
    from edgeslim.paddle_io.export import export_layer
    from edgeslim.training.trainer import TrainingSettings, build_seeded, train

    with paddle.utils.unique_name.guard():  # those of two strides have the same names
        net = build_seeded(partial(_network, stride), seed=0)
    data = find_task("digits").data(SHAPE, SPLIT_SEED)
    result = train(net, data, TrainingSettings(epochs=2, batch_size=32, learning_rate=0.1, seed=0))
    with temporary_folder() as folder:
        export_layer(net, [SHAPE], folder / "net")
        files = {
            suffix: (folder / "net").with_suffix(suffix).read_bytes()
            for suffix in (".pdmodel", ".pdiparams")
        }
    return files, result.metric


def _network(stride: int) -> Any:
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
            self.first = convolution("first", 1, 10, 3, stride=stride)
            self.expand = convolution("expand", 10, 16, 1)
            self.depthwise = convolution("depthwise", 16, 16, 3, groups=16)
            self.project = convolution("project", 16, 10, 1)
            self.relu = nn.ReLU()
            self.classify = nn.Linear(
                10 * (16 // stride) ** 2, 10, weight_attr=ParamAttr(name="classify_weights")
            )

        def forward(self, images: object) -> object:
            start = self.relu(self.first(images))
            hidden = self.relu(self.depthwise(self.relu(self.expand(start))))
            return self.classify((start + self.project(hidden)).flatten(1))

    return Network()
