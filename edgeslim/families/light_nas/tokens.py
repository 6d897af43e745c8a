"""Thirty tokens stand for a network of the published light-NAS space.

Five groups of six numbers; each number is an index into a list of values. The tables are those
of PaddleSlim 1.x (PaddlePaddle/models at 9aefcdc84, ``PaddleSlim/light_nas``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from edgeslim.families.light_nas.architecture import BottleneckGroup, LightNasArchitecture
from edgeslim.families.tokens import KERNELS, SWITCH, check_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "CHANNELS",
    "EXPANSIONS",
    "FIRST_GROUP",
    "LAST_GROUP",
    "LAYERS",
    "RANGES",
    "STRIDES",
    "TokenValues",
    "architecture",
]

EXPANSIONS = (3, 4, 5, 6)
CHANNELS = ((18, 24, 30), (24, 32, 40), (48, 64, 80), (72, 96, 120), (120, 160, 192))
LAYERS = ((1, 2, 3), (2, 3, 4), (3, 4, 5), (2, 3, 4), (2, 3, 4))

STRIDES = (2, 2, 2, 1, 2)
"""Strides of each group's first layer, which are not searched."""

FIRST_GROUP = BottleneckGroup(expansion=1, channels=16, layers=1)
LAST_GROUP = BottleneckGroup(expansion=6, channels=320, layers=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenValues:
    """The values that the six tokens of each group choose from.

    Args:
        expansions: Expansion ratios, the same for every group.
        channels: Widths to choose from, for each group.
        layers: Depths to choose from, for each group.
        strides: Stride of each group's first layer; it is not searched.
        ranges: How many values each token has.
    """

    expansions: Sequence[int]
    channels: Sequence[Sequence[int]]
    layers: Sequence[Sequence[int]]
    strides: Sequence[int]
    ranges: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        ranges = tuple(
            len(values)
            for channels, layers in zip(self.channels, self.layers, strict=True)
            for values in (self.expansions, channels, layers, KERNELS, SWITCH, SWITCH)
        )
        object.__setattr__(self, "ranges", ranges)

    def groups(self, tokens: Sequence[int]) -> tuple[BottleneckGroup, ...]:
        """The groups that tokens stand for.

        Raises:
            UsageError: As `check_tokens`.
        """
        check_tokens(tokens, self.ranges)
        size = len(tokens) // len(self.strides)
        return tuple(
            self._group(group, tokens[group * size : (group + 1) * size])
            for group in range(len(self.strides))
        )

    def _group(self, group: int, tokens: Sequence[int]) -> BottleneckGroup:
        expansion, channels, layers, kernel, shortcut, squeeze_excitation = tokens
        return _bottleneck_group(
            expansion=self.expansions[expansion],
            channels=self.channels[group][channels],
            layers=self.layers[group][layers],
            kernel=KERNELS[kernel],
            stride=self.strides[group],
            shortcut=SWITCH[shortcut],
            squeeze_excitation=SWITCH[squeeze_excitation],
        )


_bottleneck_group = cache(BottleneckGroup)
"""A group, made and checked once: a space has the same few in ten thousand variants."""


_VALUES = TokenValues(expansions=EXPANSIONS, channels=CHANNELS, layers=LAYERS, strides=STRIDES)

RANGES = _VALUES.ranges
"""How many values each token has; token ``i`` is in ``range(RANGES[i])``."""


def architecture(tokens: Sequence[int]) -> LightNasArchitecture:
    """The network that 30 tokens stand for.

    Raises:
        UsageError: As `check_tokens`.
    """
    return LightNasArchitecture(groups=(FIRST_GROUP, *_VALUES.groups(tokens), LAST_GROUP))
