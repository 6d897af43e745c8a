"""MobileNetV1 (https://arxiv.org/abs/1704.04861), named as PaddleSlim 1.x names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeslim.models._entry import ModelEntry

if TYPE_CHECKING:
    from paddle import nn

__all__ = ["MODEL"]


def _build(num_classes: int) -> nn.Layer:
    from edgeslim.families.mobilenet_v1.layers import mobilenet_v1_classifier

    return mobilenet_v1_classifier(num_classes)


MODEL = ModelEntry(build=_build, summary="MobileNetV1")
