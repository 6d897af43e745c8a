"""A BlazeFace network of PaddleDetection as a value, and the tokens that stand for one.

Reference: PaddlePaddle/PaddleDetection, ``slim/nas/search_space/blazefacespace_nas.py`` and
``ppdet/modeling/backbones/blazenet.py`` (the paper: https://arxiv.org/abs/1907.05047). Three
single blocks, then four double ones, at an eighth and a sixteenth of the input. The space
fixes filters of 3x3, since the published table has no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeslim.families.tokens import check_tokens

__all__ = [
    "BOXES",
    "PUBLISHED_TOKENS",
    "RANGES",
    "RANGES_OF_2022",
    "STRIDES",
    "BlazeBlock",
    "BlazeFaceArchitecture",
    "architecture",
    "architecture_of_2022",
]

BOXES = (2, 6)
"""Boxes at each position of the two maps that faces are found in."""

_STEM_WIDTHS = (4, 8, 12, 16, 20, 24, 32)
_SINGLE_WIDTHS = (8, 12, 16, 20, 24, 32, 40, 48, 64)
_DOUBLE_WIDTHS = (8, 12, 16, 24, 32, 40, 48, 64, 72, 80, 88, 96)
_MIDDLE_WIDTHS = (8, 12, 16, 20, 24, 32)
_KERNELS = (3,)

STRIDES = (1, 2, 1, 2, 1, 2, 1)
"""Strides of the seven blocks."""


def _ranges(stem: Sequence[int], single: Sequence[int]) -> tuple[int, ...]:
    widths = (stem, single, _DOUBLE_WIDTHS, _DOUBLE_WIDTHS, *[_MIDDLE_WIDTHS] * 4, _KERNELS)
    return tuple(len(values) for values in widths)


def _without_20(widths: Sequence[int]) -> tuple[int, ...]:
    return tuple(width for width in widths if width != 20)


RANGES = _ranges(_STEM_WIDTHS, _SINGLE_WIDTHS)
"""Stem, single blocks, first and last two double blocks, the middles of all four, filter."""

RANGES_OF_2022 = _ranges(_without_20(_STEM_WIDTHS), _without_20(_SINGLE_WIDTHS))
"""As of March 2022 (PaddleDetection #5404): without the widths that the table lacks."""

PUBLISHED_TOKENS: dict[str, tuple[int, ...]] = {
    "blazeface-nas": (2, 1, 3, 8, 2, 1, 2, 1, 0),
    "blazeface-nas-v2": (2, 1, 4, 8, 2, 5, 2, 4, 0),
}
"""``configs/face_detection/blazeface_nas.yml`` and ``blazeface_nas_v2.yml`` as tokens. The
first is where the search starts; its last token was 1 there, for which there is no filter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BlazeBlock:
    """Two depthwise 3x3 convolutions and a 1x1, twice in a double block, and a shortcut.

    Args:
        channels: Number of channels that it writes.
        middle: Width between the halves of a double block; None for a single block.
        stride: Stride of the second depthwise convolution, and of the pooling in the shortcut.
    """

    channels: int
    middle: int | None = None
    stride: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class BlazeFaceArchitecture:
    """Stem and blocks of a network, without its heads.

    Args:
        stem: Number of channels that the first convolution writes.
        blocks: The seven blocks; faces are found in the outputs of the fifth and the last one.
    """

    stem: int
    blocks: tuple[BlazeBlock, ...]

    @property
    def maps(self) -> tuple[int, int]:
        """Indices of the blocks with heads: the one before the last stride, and the last one."""
        strided = [index for index, block in enumerate(self.blocks) if block.stride > 1]
        return strided[-1] - 1, len(self.blocks) - 1


def architecture(tokens: Sequence[int]) -> BlazeFaceArchitecture:
    """The network that nine tokens stand for in the space of 2020.

    Raises:
        UsageError: Wrong count, or a token out of its range; says which.
    """
    check_tokens(tokens, RANGES)
    return _network(_STEM_WIDTHS, _SINGLE_WIDTHS, tokens)


def architecture_of_2022(tokens: Sequence[int]) -> BlazeFaceArchitecture:
    """The network that nine tokens stand for in the space of 2022; raises as `architecture`."""
    check_tokens(tokens, RANGES_OF_2022)
    return _network(_without_20(_STEM_WIDTHS), _without_20(_SINGLE_WIDTHS), tokens)


def _network(
    stems: Sequence[int], singles: Sequence[int], tokens: Sequence[int]
) -> BlazeFaceArchitecture:
    stem, single = stems[tokens[0]], singles[tokens[1]]
    first, last = (_DOUBLE_WIDTHS[token] for token in tokens[2:4])
    middles = (None, None, None, *(_MIDDLE_WIDTHS[token] for token in tokens[4:8]))
    widths = (stem, single, single, first, first, last, last)
    blocks = tuple(
        BlazeBlock(channels=channels, middle=middle, stride=stride)
        for channels, middle, stride in zip(widths, middles, STRIDES, strict=True)
    )
    return BlazeFaceArchitecture(stem=stem, blocks=blocks)
