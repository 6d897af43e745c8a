"""ResNet of 50 layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeslim.models._entry import ModelEntry

if TYPE_CHECKING:
    from paddle import nn

__all__ = ["MODEL"]


def _build(num_classes: int) -> nn.Layer:
    from edgeslim.families.resnet.layers import bottleneck, resnet

    return resnet(bottleneck, (3, 4, 6, 3), num_classes)


MODEL = ModelEntry(build=_build, summary="ResNet of 50 layers")
