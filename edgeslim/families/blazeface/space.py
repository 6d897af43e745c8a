"""BlazeFace spaces: from tokens to an architecture, and from that to fused operators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from edgeslim.errors import UsageError
from edgeslim.execution import Target
from edgeslim.families.blazeface.architecture import (
    BOXES,
    STRIDES,
    BlazeBlock,
    BlazeFaceArchitecture,
)
from edgeslim.families.fused_list import FusedList
from edgeslim.families.inputs import check_input
from edgeslim.families.segments import Segment, Variant
from edgeslim.families.tokens import Tokens, check_tokens
from edgeslim.opspec import OpSpec, Shape

if TYPE_CHECKING:
    from paddle import nn

__all__ = ["BlazeFaceSpace"]

_SMALLEST_EXTENT = 16
_BLOCK_TOKENS = ((0,), (0, 1), (1,), (1, 2, 4), (2, 5), (2, 3, 6), (3, 7))
"""Tokens that the input, the middle and the output of each block depend on."""
_HEAD_TOKENS = (2, 3)
"""Tokens that the two maps depend on which faces are found in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BlazeFaceSpace:
    """Face detectors of seven blocks, nine tokens.

    Args:
        name: Name by which the space is found.
        ranges: Number of values of each token.
        initial_tokens: Tokens that a search starts from.
        architecture: Makes the architecture that tokens stand for.
        input_shape: Shape of the images, ``(N, C, H, W)``.
        num_classes: Number of classes, the background among them.
    """

    name: str
    ranges: Tokens
    initial_tokens: Tokens
    architecture: Callable[[Sequence[int]], BlazeFaceArchitecture]
    input_shape: Shape
    num_classes: int

    def __post_init__(self) -> None:
        check_input(self.name, self.input_shape, self.num_classes)
        if min(self.input_shape[2:]) < _SMALLEST_EXTENT:
            raise UsageError(
                f"{self.name} reads images of at least {_SMALLEST_EXTENT}x{_SMALLEST_EXTENT}, "
                f"not {self.input_shape}"
            )

    def check(self, tokens: Sequence[int]) -> Tokens:
        check_tokens(tokens, self.ranges)
        return tuple(tokens)

    def build(self, tokens: Tokens) -> nn.Layer:
        from edgeslim.families.blazeface.layers import BlazeFaceNet

        return BlazeFaceNet(
            self.architecture(tokens), self.num_classes, in_channels=self.input_shape[1]
        )

    def operators(self, tokens: Tokens, target: Target | None) -> tuple[OpSpec, ...]:
        architecture = self.architecture(tokens)
        fused = FusedList(target)
        shape = _stem(fused, self.input_shape, architecture)
        maps = []
        for index, block in enumerate(architecture.blocks):
            shape = _block(fused, shape, block)
            if index in architecture.maps:
                maps.append(shape)
        _heads(fused, maps, self.num_classes)
        return fused.specs()

    def segments(self, target: Target | None) -> tuple[Segment, ...]:
        """The stem with the first block, each other block, and the heads; no convolutions merge."""
        blocks = [
            self._segment(tokens, partial(self._add_block, index=index), target)
            for index, tokens in enumerate(_BLOCK_TOKENS)
        ]
        return (*blocks, self._segment(_HEAD_TOKENS, self._add_heads, target))

    def _segment(
        self,
        positions: Tokens,
        add: Callable[[FusedList, BlazeFaceArchitecture], None],
        target: Target | None,
    ) -> Segment:
        def variant(values: Tokens) -> Variant:
            tokens = [0] * len(self.ranges)
            for index, value in zip(positions, values, strict=True):
                tokens[index] = value
            fused = FusedList(target)
            add(fused, self.architecture(tokens))
            counts = Counter(fused.specs())
            return Variant(plain=counts, merged=counts)

        ranges = tuple(self.ranges[index] for index in positions)
        return Segment(positions=positions, ranges=ranges, variant=variant)

    def _shape_behind(self, architecture: BlazeFaceArchitecture, index: int) -> Shape:
        """Shape of a block's output."""
        n, _, *extents = self.input_shape
        stem = tuple(-(-extent // 2) for extent in extents)
        return (n, architecture.blocks[index].channels, *_extents_behind(stem, index + 1))

    def _add_block(
        self, fused: FusedList, architecture: BlazeFaceArchitecture, *, index: int
    ) -> None:
        if index:
            shape = self._shape_behind(architecture, index - 1)
        else:
            shape = _stem(fused, self.input_shape, architecture)
        _block(fused, shape, architecture.blocks[index])

    def _add_heads(self, fused: FusedList, architecture: BlazeFaceArchitecture) -> None:
        maps = [self._shape_behind(architecture, index) for index in architecture.maps]
        _heads(fused, maps, self.num_classes)


def _extents_behind(extents: Shape, blocks: int) -> Shape:
    """Height and width behind the first so many blocks."""
    for stride in STRIDES[:blocks]:
        extents = tuple(-(-extent // stride) for extent in extents)
    return extents


def _stem(fused: FusedList, shape: Shape, architecture: BlazeFaceArchitecture) -> Shape:
    return fused.convolution(shape, architecture.stem, kernel=3, stride=2, activation="relu")


def _block(fused: FusedList, shape: Shape, block: BlazeBlock) -> Shape:
    first = _depthwise_pair(fused, shape, block.stride)
    if block.middle is None:
        out = fused.convolution(first, block.channels)
    else:
        middle = fused.convolution(first, block.middle, activation="relu")
        second = _depthwise_pair(fused, middle, 1)
        out = fused.convolution(second, block.channels, activation="relu")
    if block.stride > 1:
        pooled = fused.max_pool(shape, block.stride)
        fused.convolution(pooled, block.channels, activation="relu")
    fused.addition(out, activation="relu")
    return out


def _depthwise_pair(fused: FusedList, shape: Shape, stride: int) -> Shape:
    for step in (1, stride):
        shape = fused.convolution(
            shape, shape[1], kernel=3, stride=step, depthwise=True, activation="relu"
        )
    return shape


def _heads(fused: FusedList, maps: Sequence[Shape], num_classes: int) -> None:
    joined: tuple[list[Shape], list[Shape]] = ([], [])
    for shape, boxes in zip(maps, BOXES, strict=True):
        for parts, numbers in zip(joined, (4, num_classes), strict=True):
            fused.barrier()  # the map is read by several
            answers = fused.convolution(shape, boxes * numbers, kernel=3, norm=False)
            parts.append(fused.flatten_positions(answers, numbers))
    for parts in joined:
        fused.concatenate(parts, axis=1)
