"""What the light-NAS spaces share: tokens to architecture, architecture to fused operators."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

from edgeslim.errors import UsageError
from edgeslim.execution import Target
from edgeslim.models._light_nas_architecture import BottleneckGroup, LightNasArchitecture
from edgeslim.models._light_nas_tokens import check_tokens
from edgeslim.opspec import OpSpec, Shape
from edgeslim.spaces._fused_list import FusedList
from edgeslim.spaces._space import Tokens

if TYPE_CHECKING:
    from paddle import nn

__all__ = ["LightNasSpace", "fused_operators"]

TOKENS_PER_GROUP = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class LightNasSpace:
    """Networks of inverted bottlenecks, six tokens for each searched group.

    Args:
        name: Name on the shelf.
        ranges: How many values each token has.
        initial_tokens: Where a search starts.
        architecture: The network that tokens stand for.
        input_shape: ``(N, C, H, W)``.
        num_classes: Width of the output.
    """

    name: str
    ranges: Tokens
    initial_tokens: Tokens
    architecture: Callable[[Sequence[int]], LightNasArchitecture]
    input_shape: Shape
    num_classes: int

    def __post_init__(self) -> None:
        if len(self.input_shape) != 4:
            raise UsageError(f"the input of {self.name} is N,C,H,W, not {self.input_shape}")
        if self.num_classes < 2:
            raise UsageError(f"{self.name} needs at least 2 classes, not {self.num_classes}")

    def check(self, tokens: Sequence[int]) -> Tokens:
        check_tokens(tokens, self.ranges)
        return tuple(tokens)

    def build(self, tokens: Tokens) -> nn.Layer:
        from edgeslim.models.light_nas import LightNasNet

        return LightNasNet(
            self.architecture(tokens), self.num_classes, in_channels=self.input_shape[1]
        )

    def operators(self, tokens: Tokens, target: Target) -> tuple[OpSpec, ...]:
        return fused_operators(
            self.architecture(tokens), self.input_shape, self.num_classes, target
        )

    def every_operator(self, target: Target) -> Iterable[OpSpec]:
        """Found group by group: an operator depends on its own group and the one before.

        Convolutions that the optimizer may merge are listed merged and not, since whether
        it merges depends on the whole network.
        """
        first = self.architecture(self.initial_tokens)
        found: dict[OpSpec, None] = {}
        stem = FusedList(target)
        inputs = {_stem(stem, self.input_shape, first)}
        found.update(dict.fromkeys(stem.specs()))
        linear_before: set[tuple[int, int]] = set()
        for choices in self._choices():
            outputs, linear = set(), set()
            # From the third layer on, layers and the pairs between them repeat.
            telling = {replace(group, layers=min(group.layers, 3)) for group in choices}
            for shape, group in product(inputs, telling):
                fused = FusedList(target)
                outputs.add(_group(fused, shape, group))
                found.update(dict.fromkeys([*fused.specs(merged=False), *fused.specs(merged=True)]))
                last_input = shape[1] if group.layers == 1 else group.channels
                if not group.squeeze_excitation and not (group.shortcut and group.layers > 1):
                    linear.add((group.expanded(last_input), group.channels))
            for shape, (c_in, c_out) in product(inputs, linear_before):
                widths = {group.expanded(c_out) for group in choices}
                found.update(_merged_pairs(shape, c_in, c_out, widths, target))
            inputs, linear_before = outputs, linear
        for shape in inputs:
            for c_in, c_out in linear_before:
                widths = {first.head_channels}
                found.update(_merged_pairs(shape, c_in, c_out, widths, target))
            head = FusedList(target)
            _head(head, shape, first, self.num_classes)
            found.update(dict.fromkeys(head.specs()))
        return found

    def _choices(self) -> list[set[BottleneckGroup]]:
        """What each group of the architecture may be, the fixed ones included."""
        tokens = list(self.initial_tokens)
        choices = [{group} for group in self.architecture(tokens).groups]
        for start in range(0, len(self.ranges), TOKENS_PER_GROUP):
            end = start + TOKENS_PER_GROUP
            for own in product(*map(range, self.ranges[start:end])):
                groups = self.architecture([*tokens[:start], *own, *tokens[end:]]).groups
                for place, group in enumerate(groups):
                    choices[place].add(group)
        return choices


def _merged_pairs(
    shape: Shape, c_in: int, c_out: int, widths: Iterable[int], target: Target
) -> dict[OpSpec, None]:
    """A 1x1 convolution to ``shape`` merged with 1x1 convolutions to some widths."""
    if shape[1] != c_out:
        return {}
    found = {}
    for width in widths:
        pair = FusedList(target)
        middle = pair.convolution((shape[0], c_in, *shape[2:]), c_out)
        pair.convolution(middle, width, activation="relu6")
        found.update(dict.fromkeys(pair.specs(merged=True)))
    return found


def fused_operators(
    architecture: LightNasArchitecture, input_shape: Shape, num_classes: int, target: Target
) -> tuple[OpSpec, ...]:
    """What the optimizer leaves of a light-NAS network."""
    fused = FusedList(target)
    shape = _stem(fused, input_shape, architecture)
    for group in architecture.groups:
        shape = _group(fused, shape, group)
    _head(fused, shape, architecture, num_classes)
    return fused.specs()


def _stem(fused: FusedList, shape: Shape, architecture: LightNasArchitecture) -> Shape:
    return fused.convolution(
        shape,
        architecture.stem_channels,
        kernel=3,
        stride=architecture.stem_stride,
        activation="relu6",
    )


def _head(
    fused: FusedList, shape: Shape, architecture: LightNasArchitecture, num_classes: int
) -> None:
    shape = fused.convolution(shape, architecture.head_channels, activation="relu6")
    fused.fully_connected(fused.pooled(shape, declared_window=True), num_classes)


def _group(fused: FusedList, shape: Shape, group: BottleneckGroup) -> Shape:
    for layer in range(group.layers):
        shape = _bottleneck(fused, shape, group, is_first=layer == 0)
    return shape


def _bottleneck(fused: FusedList, shape: Shape, group: BottleneckGroup, *, is_first: bool) -> Shape:
    shortcut = group.shortcut and not is_first
    if shortcut:
        fused.barrier()  # the input is read a second time
    inner = group.expanded(shape[1])
    shape = fused.convolution(shape, inner, activation="relu6")
    shape = fused.convolution(
        shape,
        inner,
        kernel=group.kernel,
        stride=group.stride if is_first else 1,
        depthwise=True,
        activation="relu6",
    )
    shape = fused.convolution(shape, group.channels)
    if shortcut:
        fused.addition(shape)
    if group.squeeze_excitation:
        pooled = fused.pooled(shape, declared_window=False)
        squeezed = fused.fully_connected(pooled, group.channels // 4, activation="relu")
        weights = fused.fully_connected(squeezed, group.channels)
        fused.activation("sigmoid", weights)
        fused.unsqueezed(weights)
        fused.channel_product(shape)
        fused.addition(shape, activation="relu")
    return shape
