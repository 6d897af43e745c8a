"""MobileNetV1 (https://arxiv.org/abs/1704.04861), named as PaddleSlim 1.x names it."""

from __future__ import annotations

from paddle import nn

from edgeslim.models._entry import ModelEntry
from edgeslim.models._layers import classifier, conv_norm, linear

__all__ = ["MODEL"]

_STEM_CHANNELS = 32
_BLOCKS = (
    ("conv2_1", 64, 1),
    ("conv2_2", 128, 2),
    ("conv3_1", 128, 1),
    ("conv3_2", 256, 2),
    ("conv4_1", 256, 1),
    ("conv4_2", 512, 2),
    ("conv5_1", 512, 1),
    ("conv5_2", 512, 1),
    ("conv5_3", 512, 1),
    ("conv5_4", 512, 1),
    ("conv5_5", 512, 1),
    ("conv5_6", 1024, 2),
    ("conv6", 1024, 1),
)
"""Name, width and stride of each depthwise separable convolution."""


def _build(num_classes: int) -> nn.Sequential:
    stem = conv_norm("conv1", 3, _STEM_CHANNELS, kernel=3, stride=2, activation="relu")
    layers = [("conv1", stem)]
    width = _STEM_CHANNELS
    for name, channels, stride in _BLOCKS:
        layers.append((name, _separable(name, width, channels, stride)))
        width = channels
    layers.append(("classifier", classifier(linear("fc7", width, num_classes))))
    return nn.Sequential(*layers)


def _separable(name: str, c_in: int, c_out: int, stride: int) -> nn.Sequential:
    """A depthwise 3x3 convolution and a 1x1 convolution over its channels."""
    depthwise = conv_norm(
        f"{name}_dw", c_in, c_in, kernel=3, stride=stride, groups=c_in, activation="relu"
    )
    pointwise = conv_norm(f"{name}_sep", c_in, c_out, activation="relu")
    return nn.Sequential(("depthwise", depthwise), ("pointwise", pointwise))


MODEL = ModelEntry(build=_build, summary="MobileNetV1")
