"""MobileNetV1-SSD of the PaddleSlim 1.x examples, up to its raw heads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeslim.models._entry import ModelEntry

if TYPE_CHECKING:
    from paddle import nn

__all__ = ["MODEL"]


def _build(num_classes: int) -> nn.Layer:
    from edgeslim.families.ssd.layers import MobileNetV1Ssd

    return MobileNetV1Ssd(num_classes)


MODEL = ModelEntry(
    build=_build,
    summary="MobileNetV1-SSD, up to its raw heads",
    input_shape=(1, 3, 300, 300),
    num_classes=20,
    has_background=True,
)
