"""Light-NAS spaces: from tokens to an architecture, and from that to fused operators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from edgeslim.execution import Target
from edgeslim.families.fused_list import FusedList
from edgeslim.families.inputs import check_input
from edgeslim.families.light_nas.architecture import BottleneckGroup, LightNasArchitecture
from edgeslim.families.light_nas.operators import (
    add_group,
    add_head,
    add_stem,
    fused_operators,
)
from edgeslim.families.segments import Segment, Variant
from edgeslim.families.tokens import Tokens, check_tokens
from edgeslim.opspec import OpSpec, Shape

if TYPE_CHECKING:
    from paddle import nn

__all__ = ["LightNasSpace"]


_TOKENS_PER_GROUP = 6
_EXPANSION, _CHANNELS, _LAYERS, _, _SHORTCUT, _EXCITATION = range(_TOKENS_PER_GROUP)
_OF_ITS_END = (_EXPANSION, _CHANNELS, _LAYERS, _SHORTCUT, _EXCITATION)
"""Tokens that decide the last convolution of a group."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LightNasSpace:
    """Networks of inverted bottlenecks, six tokens for each searched group.

    Args:
        name: Name by which the space is found.
        ranges: Number of values of each token.
        initial_tokens: Tokens that a search starts from.
        architecture: Makes the architecture that tokens stand for.
        searched_from: Index of the first group that has tokens.
        input_shape: Shape of the images, ``(N, C, H, W)``.
        num_classes: Number of classes, the width of the output.
    """

    name: str
    ranges: Tokens
    initial_tokens: Tokens
    architecture: Callable[[Sequence[int]], LightNasArchitecture]
    searched_from: int
    input_shape: Shape
    num_classes: int

    def __post_init__(self) -> None:
        check_input(self.name, self.input_shape, self.num_classes)

    def check(self, tokens: Sequence[int]) -> Tokens:
        check_tokens(tokens, self.ranges)
        return tuple(tokens)

    def build(self, tokens: Tokens) -> nn.Layer:
        from edgeslim.families.light_nas.layers import LightNasNet

        return LightNasNet(
            self.architecture(tokens), self.num_classes, in_channels=self.input_shape[1]
        )

    def operators(self, tokens: Tokens, target: Target | None) -> tuple[OpSpec, ...]:
        return fused_operators(
            self.architecture(tokens), self.input_shape, self.num_classes, target
        )

    def segments(self, target: Target | None) -> tuple[Segment, ...]:
        """The stem, each group, the pairs across each border of groups, and the head."""
        return _Segments(space=self, target=target).all()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Segments:
    """The segments of a space for one target: a group depends on its own and one earlier token."""

    space: LightNasSpace
    target: Target | None

    def all(self) -> tuple[Segment, ...]:
        """The stem, each group with the pairs on its border to the one before, and the head."""
        count = len(self.space.architecture(self.space.initial_tokens).groups)
        segments = [self._segment((), self._stem)]
        for index in range(count):
            segments.append(self._group_segment(index))
            if self.target is not None:  # nothing is merged before fusion
                segments.append(self._border_segment(index))
        segments.append(self._segment(self._positions(count - 1, [_CHANNELS]), self._head))
        return tuple(segments)

    def _positions(self, group: int, which: Iterable[int]) -> Tokens:
        """Positions of some tokens of a group; none if the group is not searched."""
        block = group - self.space.searched_from
        if not 0 <= block < len(self.space.ranges) // _TOKENS_PER_GROUP:
            return ()
        return tuple(_TOKENS_PER_GROUP * block + token for token in which)

    def _segment(
        self, positions: Tokens, variant: Callable[[LightNasArchitecture], Variant]
    ) -> Segment:
        rising = tuple(sorted(positions))

        def of_values(values: Tokens) -> Variant:
            tokens = list(self.space.initial_tokens)
            for position, value in zip(rising, values, strict=True):
                tokens[position] = value
            return variant(self.space.architecture(tokens))

        return Segment(
            positions=rising,
            ranges=tuple(self.space.ranges[position] for position in rising),
            variant=of_values,
        )

    def _shapes(self, architecture: LightNasArchitecture) -> Iterator[Shape]:
        """Shapes that each group reads, and the one that the last group writes."""
        n, _, height, width = self.space.input_shape
        strides = (architecture.stem_stride, *(group.stride for group in architecture.groups))
        channels = (architecture.stem_channels, *(g.channels for g in architecture.groups))
        for stride, written in zip(strides, channels, strict=True):
            height, width = -(-height // stride), -(-width // stride)
            yield (n, written, height, width)

    def _stem(self, architecture: LightNasArchitecture) -> Variant:
        fused = FusedList(self.target)
        add_stem(fused, self.space.input_shape, architecture)
        return _variant(fused)

    def _head(self, architecture: LightNasArchitecture) -> Variant:
        fused = FusedList(self.target)
        *_, shape = self._shapes(architecture)
        add_head(fused, shape, architecture, self.space.num_classes)
        return _variant(fused)

    def _group_segment(self, index: int) -> Segment:
        def variant(architecture: LightNasArchitecture) -> Variant:
            shape = list(self._shapes(architecture))[index]
            return _group(shape, architecture.groups[index], self.target)

        own = self._positions(index, range(_TOKENS_PER_GROUP))
        return self._segment((*self._positions(index - 1, [_CHANNELS]), *own), variant)

    def _border_segment(self, index: int) -> Segment:
        """The last convolution of a group and the first of the next group or of the head."""

        def variant(architecture: LightNasArchitecture) -> Variant:
            groups = architecture.groups
            group, shape = groups[index], list(self._shapes(architecture))[index + 1]
            added = group.shortcut and group.layers > 1
            if added or group.squeeze_excitation:
                return Variant()  # something else reads what it writes
            before = group.channels
            if group.layers == 1:
                before = groups[index - 1].channels if index else architecture.stem_channels
            behind = architecture.head_channels
            if index + 1 < len(groups):
                behind = groups[index + 1].expanded_width(group.channels)
            inner = (shape[0], group.expanded_width(before), *shape[2:])
            return _pair(inner, group.channels, behind, self.target)

        return self._segment(
            (
                *self._positions(index - 1, [_CHANNELS]),
                *self._positions(index, _OF_ITS_END),
                *self._positions(index + 1, [_EXPANSION]),
            ),
            variant,
        )


@cache
def _group(shape: Shape, group: BottleneckGroup, target: Target | None) -> Variant:
    fused = FusedList(target)
    add_group(fused, shape, group)
    return _variant(fused)


@cache
def _pair(shape: Shape, between: int, behind: int, target: Target | None) -> Variant:
    """What merging a linear 1x1 convolution with the next one changes."""
    fused = FusedList(target)
    fused.convolution(fused.convolution(shape, between), behind, activation="relu6")
    merged = Counter(fused.specs(merged=True))
    merged.subtract(fused.specs(merged=False))
    return Variant(merged=merged, pays=fused.any_pair_pays)


def _variant(fused: FusedList) -> Variant:
    return Variant(
        plain=Counter(fused.specs(merged=False)),
        merged=Counter(fused.specs(merged=True)),
        pays=fused.any_pair_pays,
    )
