"""MobileNetV1 a quarter as wide, for images of 32x32: a network that a CPU trains.

edgeslim train benchmarks/small_mobilenet.py:build --task fashion_mnist \
        --input-shape 1,3,32,32 --out runs/small
"""

from __future__ import annotations

from paddle import nn

from edgeslim.families.layers import classifier, conv_norm, linear
from edgeslim.families.mobilenet_v1.layers import BLOCKS

__all__ = ["build", "student"]

_SHARE = 4
"""Of MobileNetV1's channels one in so many is kept."""

_CLASSES = 10


def build() -> nn.Sequential:
    """The network; its first convolution keeps the size, where the original's halves it."""
    return _built(_SHARE)


def student() -> nn.Sequential:
    """The same, half as wide once more."""
    return _built(2 * _SHARE)


def _built(share: int) -> nn.Sequential:
    width = 32 // share
    layers = [("conv1", conv_norm("conv1", 3, width, kernel=3, activation="relu"))]
    for name, channels, stride in BLOCKS:
        depthwise = conv_norm(
            f"{name}_dw", width, width, kernel=3, stride=stride, groups=width, activation="relu"
        )
        pointwise = conv_norm(f"{name}_sep", width, channels // share, activation="relu")
        layers.append((name, nn.Sequential(("depthwise", depthwise), ("pointwise", pointwise))))
        width = channels // share
    layers.append(("classifier", classifier(linear("fc7", width, _CLASSES))))
    return nn.Sequential(*layers)
