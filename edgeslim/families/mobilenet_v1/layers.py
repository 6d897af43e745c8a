"""MobileNetV1: what a classifier and detectors share of it, and the classifier."""

from __future__ import annotations

from collections.abc import Callable

from paddle import nn

from edgeslim.families.layers import ConvNormNames, classifier, conv_norm, linear

__all__ = ["BLOCKS", "mobilenet_v1", "mobilenet_v1_classifier"]

_STEM_CHANNELS = 32
BLOCKS = (
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


def mobilenet_v1(
    names: Callable[[str], ConvNormNames] = ConvNormNames.from_prefix,
) -> list[tuple[str, nn.Sequential]]:
    """The stem ``conv1`` and the blocks ``conv2_1`` to ``conv6``, in order, by name.

    Args:
        names: Names of the parameters of a convolution: of ``conv1``, and of ``_dw`` and
            ``_sep`` of each block; asked in the order in which they run.
    """
    stem = conv_norm(names("conv1"), 3, _STEM_CHANNELS, kernel=3, stride=2, activation="relu")
    layers = [("conv1", stem)]
    width = _STEM_CHANNELS
    for name, channels, stride in BLOCKS:
        depthwise = conv_norm(
            names(f"{name}_dw"),
            width,
            width,
            kernel=3,
            stride=stride,
            groups=width,
            activation="relu",
        )
        pointwise = conv_norm(names(f"{name}_sep"), width, channels, activation="relu")
        layers.append((name, nn.Sequential(("depthwise", depthwise), ("pointwise", pointwise))))
        width = channels
    return layers


def mobilenet_v1_classifier(num_classes: int) -> nn.Sequential:
    """The whole network: images ``(N, 3, H, W)`` to ``(N, num_classes)``, before any softmax."""
    _, width, _ = BLOCKS[-1]
    output = classifier(linear("fc7", width, num_classes))
    return nn.Sequential(*mobilenet_v1(), ("classifier", output))
