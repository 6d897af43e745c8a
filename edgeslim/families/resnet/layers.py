"""Residual networks (https://arxiv.org/abs/1512.03385), named as PaddleSlim 1.x names them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from string import ascii_lowercase
from typing import TYPE_CHECKING

from paddle import Tensor, nn

from edgeslim.families.layers import ConvNormNames, classifier, conv_norm, linear

if TYPE_CHECKING:
    from edgeslim.families.resnet.architecture import ResNetArchitecture

__all__ = ["Branch", "basic", "basic_resnet", "bottleneck", "resnet"]

Branch = Callable[[str, int, int, int], tuple[nn.Sequential, int]]
"""Name, width read, width of the stage and stride to the branch and the width it writes."""

_STAGE_WIDTHS = (64, 128, 256, 512)


def basic(
    name: str, c_in: int, width: int, stride: int, *, middle: int | None = None
) -> tuple[nn.Sequential, int]:
    """Two 3x3 convolutions, between which the width may be another."""
    between = middle or width
    return nn.Sequential(
        ("a", _conv(f"{name}_branch2a", c_in, between, 3, stride=stride, activation="relu")),
        ("b", _conv(f"{name}_branch2b", between, width, 3)),
    ), width


def bottleneck(name: str, c_in: int, width: int, stride: int) -> tuple[nn.Sequential, int]:
    """Narrow 1x1, strided 3x3 and wide 1x1 convolution."""
    return nn.Sequential(
        ("a", _conv(f"{name}_branch2a", c_in, width, 1, activation="relu")),
        ("b", _conv(f"{name}_branch2b", width, width, 3, stride=stride, activation="relu")),
        ("c", _conv(f"{name}_branch2c", width, width * 4, 1)),
    ), width * 4


def resnet(branch: Branch, blocks: tuple[int, int, int, int], num_classes: int) -> nn.Sequential:
    """A residual network for images of 3 channels.

    Args:
        branch: What is added in each block.
        blocks: How many blocks each of the four stages has.
        num_classes: Width of the output.
    """
    stages = [(branch, width, count) for width, count in zip(_STAGE_WIDTHS, blocks, strict=True)]
    return _network(_stem(3, 64, is_small=False), 64, stages, num_classes)


def basic_resnet(
    architecture: ResNetArchitecture, num_classes: int, in_channels: int = 3
) -> nn.Sequential:
    """A residual network of basic blocks.

    Args:
        architecture: What is between input and output.
        num_classes: Width of the output.
        in_channels: ``C`` of the input ``(N, C, H, W)``.
    """
    width = architecture.stages[0].width
    stages = [
        (partial(basic, middle=stage.middle), stage.width, stage.blocks)
        for stage in architecture.stages
    ]
    stem = _stem(in_channels, width, is_small=architecture.is_small)
    return _network(stem, width, stages, num_classes)


def _stem(in_channels: int, width: int, *, is_small: bool) -> list[tuple[str, nn.Layer]]:
    """The first convolution, and the pooling behind it where images are large."""
    names = ConvNormNames.from_prefix("conv1", "bn_conv1")
    kernel, stride = (3, 1) if is_small else (7, 2)
    conv = conv_norm(names, in_channels, width, kernel=kernel, stride=stride, activation="relu")
    if is_small:
        return [("conv1", conv)]
    return [("conv1", conv), ("pool1", nn.MaxPool2D(3, stride=2, padding=1))]


def _network(
    stem: list[tuple[str, nn.Layer]],
    c_in: int,
    stages: Sequence[tuple[Branch, int, int]],
    num_classes: int,
) -> nn.Sequential:
    layers = list(stem)
    for stage, (branch, width, count) in enumerate(stages, start=2):
        for letter in ascii_lowercase[:count]:
            name = f"res{stage}{letter}"
            stride = 2 if stage > 2 and letter == "a" else 1
            layer, c_in = _block(branch, name, c_in, width, stride)
            layers.append((name, layer))
    layers.append(("classifier", classifier(linear("fc", c_in, num_classes))))
    return nn.Sequential(*layers)


def _block(branch: Branch, name: str, c_in: int, width: int, stride: int) -> tuple[_Residual, int]:
    added, c_out = branch(name, c_in, width, stride)
    changes = stride != 1 or c_in != c_out
    shortcut = _conv(f"{name}_branch1", c_in, c_out, 1, stride=stride) if changes else None
    return _Residual(added, shortcut), c_out


class _Residual(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    """What is read, brought to the right shape, plus a branch of it."""

    def __init__(self, branch: nn.Sequential, shortcut: nn.Sequential | None) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut = shortcut

    def forward(self, images: Tensor) -> Tensor:
        kept = images if self.shortcut is None else self.shortcut(images)
        return nn.functional.relu(kept + self.branch(images))


def _conv(
    name: str, c_in: int, c_out: int, kernel: int, *, stride: int = 1, activation: str = ""
) -> nn.Sequential:
    return conv_norm(
        ConvNormNames.from_prefix(name, name.replace("res", "bn", 1)),
        c_in,
        c_out,
        kernel=kernel,
        stride=stride,
        activation=activation,
    )
