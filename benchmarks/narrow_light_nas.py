"""A light-NAS space so narrow that a CPU trains twenty of its networks in a quarter of an hour.

Its networks are small for their task, and the widest are twice to four times as wide as the
narrowest, so that what a token gives can be seen. To be given as SPACE on the command line.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.families.light_nas.architecture import LightNasArchitecture
from edgeslim.families.light_nas.space import LightNasSpace
from edgeslim.families.light_nas.tokens import TokenValues
from edgeslim.opspec import Shape
from edgeslim.spaces import SpaceFamily

__all__ = ["SPACE"]

_VALUES = TokenValues(
    expansions=(2, 4),
    channels=((4, 6, 8), (6, 10, 16), (8, 16, 32)),
    layers=((1, 2), (1, 2), (1, 2)),
    strides=(1, 2, 2),
)


def _architecture(tokens: Sequence[int]) -> LightNasArchitecture:
    return LightNasArchitecture(groups=_VALUES.groups(tokens), stem_channels=8, head_channels=32)


def _make(input_shape: Shape, num_classes: int) -> LightNasSpace:
    return LightNasSpace(
        name="narrow-light-nas",
        ranges=_VALUES.ranges,
        initial_tokens=(1, 1, 1, 0, 1, 0) * len(_VALUES.strides),
        architecture=_architecture,
        searched_from=0,
        input_shape=input_shape,
        num_classes=num_classes,
    )


SPACE = SpaceFamily(
    make=_make,
    summary="light-NAS, narrow: 18 tokens",
    input_shape=(1, 1, 16, 16),
    num_classes=10,
)
