"""Residual networks for small images and a first try: nine tokens, 5832 networks."""

from __future__ import annotations

from edgeslim.families.parted_space import PartedSpace
from edgeslim.families.resnet.space import ResNetFamily
from edgeslim.opspec import Shape
from edgeslim.spaces._space import SpaceFamily

__all__ = ["SPACE"]

_FAMILY = ResNetFamily(
    name="resnet-small",
    widths=((8, 12, 16), (16, 24, 32), (32, 48, 64)),
    middles=(0.5, 0.75, 1.0),
    blocks=(1, 2),
    initial_tokens=(2, 2, 0) * 3,
)


def _make(input_shape: Shape, num_classes: int) -> PartedSpace:
    return _FAMILY.space(input_shape, num_classes)


SPACE = SpaceFamily(
    make=_make,
    summary="residual networks for small images: 9 tokens, trains in seconds",
    input_shape=(1, 1, 32, 32),
    num_classes=10,
)
