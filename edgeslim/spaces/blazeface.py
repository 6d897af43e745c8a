"""The BlazeFace space of PaddleDetection as it was searched in 2020: 11.8 million detectors."""

from __future__ import annotations

from edgeslim.families.blazeface.architecture import PUBLISHED_TOKENS, RANGES, architecture
from edgeslim.families.blazeface.space import BlazeFaceSpace
from edgeslim.opspec import Shape
from edgeslim.spaces._space import SpaceFamily

__all__ = ["SPACE"]


def _make(input_shape: Shape, num_classes: int) -> BlazeFaceSpace:
    return BlazeFaceSpace(
        name="blazeface",
        ranges=RANGES,
        initial_tokens=PUBLISHED_TOKENS["blazeface-nas"],
        architecture=architecture,
        input_shape=input_shape,
        num_classes=num_classes,
    )


SPACE = SpaceFamily(
    make=_make,
    summary="face detectors of PaddleDetection: 9 tokens around BlazeFace",
    input_shape=(1, 3, 640, 640),
    num_classes=2,
    detects=True,
    published=PUBLISHED_TOKENS,
)
