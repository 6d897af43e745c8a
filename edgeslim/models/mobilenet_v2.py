"""MobileNetV2 as PaddleSlim 1.x has it: the network its light-NAS search starts from.

It has one convolution more than the paper's (https://arxiv.org/abs/1801.04381): its first
bottleneck, which widens by 1, keeps its 1x1 expansion. 313,619,328 multiply-accumulates and
3,505,960 parameters at 1000 classes, where the paper's has 300,774,272 and 3,504,872.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeslim.families.light_nas.published import PUBLISHED_TOKENS
from edgeslim.families.light_nas.tokens import architecture
from edgeslim.models._entry import ModelEntry

if TYPE_CHECKING:
    from paddle import nn

__all__ = ["MODEL"]


def _build(num_classes: int) -> nn.Layer:
    from edgeslim.families.light_nas.layers import LightNasNet

    return LightNasNet(architecture(PUBLISHED_TOKENS["mobilenet-v2"]), num_classes)


MODEL = ModelEntry(build=_build, summary="MobileNetV2 as PaddleSlim 1.x has it")
