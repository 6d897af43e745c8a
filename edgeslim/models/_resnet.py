"""Residual networks (https://arxiv.org/abs/1512.03385), named as PaddleSlim 1.x names them."""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_lowercase

from paddle import Tensor, nn

from edgeslim.models._layers import ConvNormNames, classifier, conv_norm, linear

__all__ = ["Branch", "basic", "bottleneck", "resnet"]

Branch = Callable[[str, int, int, int], tuple[nn.Sequential, int]]
"""Name, width read, width of the stage and stride to the branch and the width it writes."""

_STAGE_WIDTHS = (64, 128, 256, 512)


def basic(name: str, c_in: int, width: int, stride: int) -> tuple[nn.Sequential, int]:
    """Two 3x3 convolutions."""
    return nn.Sequential(
        ("a", _conv(f"{name}_branch2a", c_in, width, 3, stride=stride, activation="relu")),
        ("b", _conv(f"{name}_branch2b", width, width, 3)),
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
    stem = conv_norm(
        ConvNormNames.prefixed("conv1", "bn_conv1"), 3, 64, kernel=7, stride=2, activation="relu"
    )
    layers = [("conv1", stem), ("pool1", nn.MaxPool2D(3, stride=2, padding=1))]
    c_in = 64
    for stage, (width, count) in enumerate(zip(_STAGE_WIDTHS, blocks, strict=True), start=2):
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
        ConvNormNames.prefixed(name, name.replace("res", "bn", 1)),
        c_in,
        c_out,
        kernel=kernel,
        stride=stride,
        activation=activation,
    )
