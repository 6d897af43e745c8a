"""MobileNetV1-YOLOv3 of the PaddleSlim 1.x examples, up to its raw heads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeslim.models._entry import ModelEntry

if TYPE_CHECKING:
    from paddle import nn

__all__ = ["MODEL"]


def _build(num_classes: int) -> nn.Layer:
    from edgeslim.families.yolov3.layers import MobileNetV1YoloV3

    return MobileNetV1YoloV3(num_classes)


MODEL = ModelEntry(
    build=_build,
    summary="MobileNetV1-YOLOv3, up to its raw heads",
    input_shape=(1, 3, 608, 608),
    num_classes=20,
)
