"""A light-NAS space for small images and a first try: eighteen tokens, 3 million networks."""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.models._light_nas_architecture import BottleneckGroup, LightNasArchitecture
from edgeslim.models._light_nas_tokens import KERNELS, SWITCH, check_tokens
from edgeslim.opspec import Shape
from edgeslim.spaces._light_nas_space import LightNasSpace
from edgeslim.spaces._space import SpaceFamily

__all__ = ["SPACE"]

_EXPANSIONS = (3, 6)
_CHANNELS = ((8, 12, 16), (16, 24, 32), (32, 40, 48))
_LAYERS = ((1, 2, 3), (1, 2, 3), (1, 2, 3))
_STRIDES = (1, 2, 2)
_RANGES = (len(_EXPANSIONS), 3, 3, len(KERNELS), len(SWITCH), len(SWITCH)) * len(_STRIDES)


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
                layers=_LAYERS[place][layers],
                kernel=KERNELS[kernel],
                stride=stride,
                shortcut=SWITCH[shortcut],
                squeeze_excitation=SWITCH[excitation],
            )
        )
    return LightNasArchitecture(groups=tuple(groups), stem_channels=16, head_channels=128)


def _make(input_shape: Shape, num_classes: int) -> LightNasSpace:
    return LightNasSpace(
        name="light-nas-small",
        ranges=_RANGES,
        initial_tokens=(1, 1, 1, 0, 1, 0) * len(_STRIDES),
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
