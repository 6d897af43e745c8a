"""A light-NAS space for small images and a first try: eighteen tokens, 3 million networks."""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.families.light_nas.architecture import LightNasArchitecture
from edgeslim.families.light_nas.space import LightNasSpace
from edgeslim.families.light_nas.tokens import TokenValues
from edgeslim.opspec import Shape
from edgeslim.spaces._space import SpaceFamily

__all__ = ["SPACE"]

_VALUES = TokenValues(
    expansions=(3, 6),
    channels=((8, 12, 16), (16, 24, 32), (32, 40, 48)),
    layers=((1, 2, 3), (1, 2, 3), (1, 2, 3)),
    strides=(1, 2, 2),
)


def _architecture(tokens: Sequence[int]) -> LightNasArchitecture:
    return LightNasArchitecture(groups=_VALUES.groups(tokens), stem_channels=16, head_channels=128)


def _make(input_shape: Shape, num_classes: int) -> LightNasSpace:
    return LightNasSpace(
        name="light-nas-small",
        ranges=_VALUES.ranges,
        initial_tokens=(1, 1, 1, 0, 1, 0) * len(_VALUES.strides),
        architecture=_architecture,
        searched_from=0,
        input_shape=input_shape,
        num_classes=num_classes,
    )


SPACE = SpaceFamily(
    make=_make,
    summary="light-NAS for small images: 18 tokens, trains in seconds",
    input_shape=(1, 1, 32, 32),
    num_classes=10,
)
