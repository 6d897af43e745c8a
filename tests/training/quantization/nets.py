"""Small networks with everything that int8 kernels are made of, and images for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F  # noqa: N812 - the name that everybody uses
from paddle import nn

from edgeslim.conversion.prepare import prepare_layer
from edgeslim.training.program_net import ProgramNet, load_program_net

__all__ = ["SHAPE", "Grouped", "Residual", "Rows", "Small", "images", "made", "program_net"]

SHAPE = (1, 3, 16, 16)


class Small(nn.Layer):
    """A convolution, a depthwise one, a pointwise one and a fully connected layer.

    Args:
        activation: Behind the depthwise convolution.
    """

    def __init__(self, activation: nn.Layer | None = None, classes: int = 10) -> None:
        super().__init__()
        self.first = nn.Conv2D(3, 8, 3, stride=2, padding=1, bias_attr=False)
        self.first_norm = nn.BatchNorm2D(8)
        self.depthwise = nn.Conv2D(8, 8, 3, padding=1, groups=8, bias_attr=False)
        self.depthwise_norm = nn.BatchNorm2D(8)
        self.activation = activation or nn.ReLU6()
        self.pointwise = nn.Conv2D(8, 16, 1)
        self.scores = nn.Linear(16, classes)

    def forward(self, images: Any) -> Any:
        images = F.relu(self.first_norm(self.first(images)))
        images = self.activation(self.depthwise_norm(self.depthwise(images)))
        images = F.relu(self.pointwise(images))
        return self.scores(F.adaptive_avg_pool2d(images, 1).flatten(1))


class Grouped(nn.Layer):
    """Convolutions in groups without a bias, one of them behind and before others with one."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2D(3, 8, 3, padding=1)
        self.groups = nn.Conv2D(8, 8, 3, padding=1, groups=4, bias_attr=False)
        self.last = nn.Conv2D(8, 4, 1)

    def forward(self, images: Any) -> Any:
        images = F.relu(self.first(images))
        return self.last(F.relu(self.groups(images)) + self.groups(images))


class Residual(nn.Layer):
    """Branches that are added, joined and multiplied, and one weight that is used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2D(3, 8, 3, padding=1)
        self.twice = nn.Conv2D(8, 8, 3, padding=1)
        self.gate = nn.Conv2D(8, 8, 1)
        self.last = nn.Conv2D(16, 4, 1, stride=2)

    def forward(self, images: Any) -> Any:
        images = self.first(images)
        added = F.relu(self.twice(images) + images)
        again = F.max_pool2d(F.leaky_relu(self.twice(added), 0.1), 3, 1, 1)
        gated = F.hardswish(self.gate(F.adaptive_avg_pool2d(added, 1))) * again
        return self.last(paddle.concat([gated, again], axis=1))


class Rows(nn.Layer):
    """Fully connected layers on channels that come last, and on rows of all images together."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2D(3, 8, 4, stride=4)
        self.last_axis = nn.Linear(8, 12)
        self.folded = nn.Linear(12, 6)

    def forward(self, images: Any) -> Any:
        last = F.relu(self.last_axis(self.first(images).transpose([0, 2, 3, 1])))
        return self.folded(last.reshape([-1, 12])).reshape([-1, 16, 6])


def images(count: int = 8, seed: int = 0, shape: tuple[int, ...] = SHAPE) -> Any:
    generator = np.random.default_rng(seed)
    return generator.standard_normal((count, *shape[1:])).astype(np.float32)


def made(net: nn.Layer, shape: tuple[int, ...] = SHAPE) -> nn.Layer:
    """A network with norms that do something, factors below zero among them."""
    generator = np.random.default_rng(0)
    for norm in net.sublayers():
        if isinstance(norm, nn.BatchNorm2D):
            norm.weight.set_value(generator.normal(0.5, 0.5, norm.weight.shape).astype(np.float32))
            norm.bias.set_value(generator.normal(0, 0.5, norm.bias.shape).astype(np.float32))
    net.train()
    with paddle.no_grad():
        for seed in range(8):
            net(paddle.to_tensor(images(8, seed, shape)))
    net.eval()
    return net


def program_net(net: nn.Layer, folder: Path, shape: tuple[int, ...] = SHAPE) -> ProgramNet:
    """What a network is once it has been saved."""
    return load_program_net(prepare_layer(net, shape, folder, name="net").prefix)
