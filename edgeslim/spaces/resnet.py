"""Residual networks of basic blocks around ResNet18: twelve tokens, 13 million networks.

Four stages (https://arxiv.org/abs/1512.03385); of each is chosen its width, from a quarter
of ResNet18's to five quarters, the width between the two convolutions of a block, and how
many blocks there are. Images with a side under 64 have a stem of 3x3 at full size without
pooling, as He et al. have for 32x32.
"""

from __future__ import annotations

from edgeslim.families.parted_space import PartedSpace
from edgeslim.families.resnet.space import ResNetFamily
from edgeslim.opspec import Shape
from edgeslim.spaces._space import SpaceFamily

__all__ = ["SPACE"]

_WIDTHS = (64, 128, 256, 512)

_FAMILY = ResNetFamily(
    name="resnet",
    widths=tuple(tuple(width * quarters // 4 for quarters in range(1, 6)) for width in _WIDTHS),
    middles=(0.5, 0.75, 1.0),
    blocks=(1, 2, 3, 4),
    initial_tokens=(3, 2, 1) * len(_WIDTHS),
)


def _make(input_shape: Shape, num_classes: int) -> PartedSpace:
    return _FAMILY.space(input_shape, num_classes)


SPACE = SpaceFamily(
    make=_make,
    summary="residual networks around ResNet18: 12 tokens",
    input_shape=(1, 3, 224, 224),
    num_classes=1000,
)
