"""MobileNetV1 (https://arxiv.org/abs/1704.04861), named as PaddleSlim 1.x names it."""

from __future__ import annotations

from paddle import nn

from edgeslim.models._entry import ModelEntry
from edgeslim.models._layers import classifier, linear
from edgeslim.models._mobilenet_v1 import mobilenet_v1

__all__ = ["MODEL"]

_WIDTH = 1024
"""Channels of the last block."""


def _build(num_classes: int) -> nn.Sequential:
    output = classifier(linear("fc7", _WIDTH, num_classes))
    return nn.Sequential(*mobilenet_v1(), ("classifier", output))


MODEL = ModelEntry(build=_build, summary="MobileNetV1")
