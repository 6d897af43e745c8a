"""A light-NAS space so narrow that a CPU trains twenty of its networks in a quarter of an hour.

Its networks are small for their task, and the widest are twice to four times as wide as the
narrowest, so that what a token gives can be seen. To be given as SPACE on the command line.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.models._light_nas_architecture import BottleneckGroup, LightNasArchitecture
from edgeslim.models._light_nas_tokens import KERNELS, SWITCH, check_tokens
from edgeslim.opspec import Shape
from edgeslim.spaces import SpaceFamily
from edgeslim.spaces._light_nas_space import LightNasSpace

__all__ = ["SPACE"]

_EXPANSIONS = (2, 4)
_CHANNELS = ((4, 6, 8), (6, 10, 16), (8, 16, 32))
_LAYERS = (1, 2)
_STRIDES = (1, 2, 2)
_RANGES = (len(_EXPANSIONS), 3, len(_LAYERS), len(KERNELS), len(SWITCH), len(SWITCH)) * 3


def _architecture(tokens: Sequence[int]) -> LightNasArchitecture:
    check_tokens(tokens, _RANGES)
    groups = []
    for place, stride in enumerate(_STRIDES):
        expansion, channels, layers, kernel, shortcut, excitation = tokens[
            6 * place : 6 * place + 6
        ]
        groups.append(
            BottleneckGroup(
                expansion=_EXPANSIONS[expansion],
                channels=_CHANNELS[place][channels],
                layers=_LAYERS[layers],
                kernel=KERNELS[kernel],
                stride=stride,
                shortcut=SWITCH[shortcut],
                squeeze_excitation=SWITCH[excitation],
            )
        )
    return LightNasArchitecture(groups=tuple(groups), stem_channels=8, head_channels=32)


def _make(input_shape: Shape, num_classes: int) -> LightNasSpace:
    return LightNasSpace(
        name="narrow-light-nas",
        ranges=_RANGES,
        initial_tokens=(1, 1, 1, 0, 1, 0) * len(_STRIDES),
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
