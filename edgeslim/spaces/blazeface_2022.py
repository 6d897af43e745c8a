"""The BlazeFace space of PaddleDetection without the widths that its latency table lacks.

The space of 2020 has single blocks and stems of 20 channels; the table that was published
with it does not, and a search that came upon one ended there. PaddleDetection took them out
in March 2022 (#5404).
"""

from __future__ import annotations

from edgeslim.families.blazeface.architecture import (
    PUBLISHED_TOKENS,
    RANGES_OF_2022,
    architecture_of_2022,
)
from edgeslim.families.blazeface.space import BlazeFaceSpace
from edgeslim.opspec import Shape
from edgeslim.spaces._space import SpaceFamily

__all__ = ["SPACE"]


def _make(input_shape: Shape, num_classes: int) -> BlazeFaceSpace:
    return BlazeFaceSpace(
        name="blazeface-2022",
        ranges=RANGES_OF_2022,
        initial_tokens=PUBLISHED_TOKENS["blazeface-nas"],
        architecture=architecture_of_2022,
        input_shape=input_shape,
        num_classes=num_classes,
    )


SPACE = SpaceFamily(
    make=_make,
    summary="blazeface without the widths that latency_855 lacks: 9.0 million networks",
    input_shape=(1, 3, 640, 640),
    num_classes=2,
    detects=True,
)
