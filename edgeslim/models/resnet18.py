"""ResNet of 18 layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeslim.models._entry import ModelEntry

if TYPE_CHECKING:
    from paddle import nn

__all__ = ["MODEL"]


def _build(num_classes: int) -> nn.Layer:
    from edgeslim.families.resnet.layers import basic, resnet

    return resnet(basic, (2, 2, 2, 2), num_classes)


MODEL = ModelEntry(build=_build, summary="ResNet of 18 layers")
