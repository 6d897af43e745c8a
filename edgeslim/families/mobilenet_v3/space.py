"""Spaces of networks like MobileNetV3: stages of bottlenecks, six tokens each.

The first layer of a stage has an expansion of its own, as in the original. Every stage has
two layers or more and the later ones add what they read, so that no two convolutions are
left that the optimizer would merge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from edgeslim.families.fused_list import FusedList
from edgeslim.families.inputs import check_input, is_small
from edgeslim.families.mobilenet_v3.architecture import (
    GatedBottleneck,
    MobileNetV3Architecture,
    round_to_eights,
)
from edgeslim.families.parted_space import PartedSpace, SpacePart
from edgeslim.families.tokens import KERNELS, SWITCH, Tokens
from edgeslim.opspec import Shape

if TYPE_CHECKING:
    from paddle import nn

__all__ = ["MobileNetV3Family", "StageChoices"]

_PER_STAGE = 6
_FIRST_EXPANSION, _EXPANSION, _CHANNELS, _LAYERS, _KERNEL, _GATE = range(_PER_STAGE)


@dataclass(frozen=True, kw_only=True, slots=True)
class StageChoices:
    """The choices of one stage.

    Args:
        channels: Numbers of channels to choose from.
        layers: Numbers of layers to choose from, each at least two.
        stride: Stride of the first layer.
        activation: Activation of all its bottlenecks.
    """

    channels: tuple[int, ...]
    layers: tuple[int, ...]
    stride: int
    activation: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MobileNetV3Family:
    """The space at any input shape and number of classes.

    Args:
        name: Name by which the space is found.
        first: The bottleneck behind the stem, which is not searched.
        expansions: Ratios of the width inside to the width read, to choose from.
        stages: The choices of each searched stage.
        initial_tokens: Tokens that a search starts from.
    """

    name: str
    first: GatedBottleneck
    expansions: tuple[float, ...]
    stages: tuple[StageChoices, ...]
    initial_tokens: Tokens

    @property
    def ranges(self) -> Tokens:
        """Expansion of the first layer and of the others, width, depth, kernel, gate."""
        widths = len(self.expansions)
        return tuple(
            count
            for stage in self.stages
            for count in (
                widths,
                widths,
                len(stage.channels),
                len(stage.layers),
                len(KERNELS),
                len(SWITCH),
            )
        )

    def architecture(self, tokens: Sequence[int], input_shape: Shape) -> MobileNetV3Architecture:
        """The architecture that tokens stand for."""
        blocks = [self.first]
        for index in range(len(self.stages)):
            blocks += self.blocks(tokens, index)
        return MobileNetV3Architecture(
            stem_stride=1 if is_small(input_shape) else 2, blocks=tuple(blocks)
        )

    def blocks(self, tokens: Sequence[int], index: int) -> list[GatedBottleneck]:
        """The bottlenecks of a stage."""
        stage = self.stages[index]
        first, others, width, depth, kernel, gate = tokens[
            _PER_STAGE * index : _PER_STAGE * (index + 1)
        ]
        channels = stage.channels[width]
        blocks = []
        for layer in range(stage.layers[depth]):
            reads = channels if layer else self._reads(tokens, index)
            expansion = self.expansions[others if layer else first]
            blocks.append(
                GatedBottleneck(
                    name=f"conv{index + 3}_{layer + 1}",
                    reads=reads,
                    inner=round_to_eights(reads * expansion),
                    channels=channels,
                    kernel=KERNELS[kernel],
                    stride=1 if layer else stage.stride,
                    activation=stage.activation,
                    gate=SWITCH[gate],
                )
            )
        return blocks

    def _reads(self, tokens: Sequence[int], index: int) -> int:
        """Width that a stage reads."""
        if not index:
            return self.first.channels
        return self.stages[index - 1].channels[tokens[_PER_STAGE * (index - 1) + _CHANNELS]]

    def space(self, input_shape: Shape, num_classes: int) -> PartedSpace:
        """The space for one input shape and number of classes."""
        check_input(self.name, input_shape, num_classes)
        sized = _SizedMobileNetV3(family=self, input_shape=input_shape, num_classes=num_classes)
        return PartedSpace(
            name=self.name,
            ranges=self.ranges,
            initial_tokens=self.initial_tokens,
            input_shape=input_shape,
            num_classes=num_classes,
            parts=tuple(sized.parts()),
            network=sized.network,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _SizedMobileNetV3:
    """The space for one input shape and number of classes.

    Args:
        family: The space at any input.
        input_shape: Shape of the images, ``(N, C, H, W)``.
        num_classes: Number of classes, the width of the output.
    """

    family: MobileNetV3Family
    input_shape: Shape
    num_classes: int

    def parts(self) -> list[SpacePart]:
        """The parts that hold all operators of its networks, in order."""
        parts = [SpacePart(positions=(), add=self._add_stem)]
        for index in range(len(self.family.stages)):
            own = range(_PER_STAGE * index, _PER_STAGE * (index + 1))
            before = (own[0] - _PER_STAGE + _CHANNELS,) if index else ()
            first = (*before, *(own[n] for n in (_FIRST_EXPANSION, _CHANNELS, _KERNEL, _GATE)))
            add = partial(self._add_stage, index=index)
            parts += [
                SpacePart(positions=first, add=partial(add, is_first=True)),
                SpacePart(positions=tuple(own[_EXPANSION:]), add=partial(add, is_first=False)),
            ]
        last = _PER_STAGE * (len(self.family.stages) - 1) + _CHANNELS
        parts.append(SpacePart(positions=(last,), add=self._add_head))
        return parts

    def network(self, tokens: Tokens) -> nn.Layer:
        """The network in Paddle that tokens stand for."""
        from edgeslim.families.mobilenet_v3.layers import MobileNetV3

        architecture = self.family.architecture(tokens, self.input_shape)
        return MobileNetV3(architecture, self.num_classes, in_channels=self.input_shape[1])

    def _extents(self, index: int) -> Shape:
        """Height and width that a stage reads, behind all strides before it."""
        strides = (1 if is_small(self.input_shape) else 2, self.family.first.stride)
        extents = self.input_shape[2:]
        for stride in (*strides, *(stage.stride for stage in self.family.stages[:index])):
            extents = tuple(-(-extent // stride) for extent in extents)
        return extents

    def _add_stem(self, fused: FusedList, tokens: Tokens) -> None:
        architecture = self.family.architecture(tokens, self.input_shape)
        shape = fused.convolution(
            self.input_shape,
            self.family.first.reads,
            kernel=3,
            stride=architecture.stem_stride,
            activation="hard_swish",
        )
        _add_block(fused, shape, self.family.first)

    def _add_stage(self, fused: FusedList, tokens: Tokens, *, index: int, is_first: bool) -> None:
        """The first layer of a stage, or all others."""
        first, *others = self.family.blocks(tokens, index)
        if is_first:
            extents = self._extents(index)
            _add_block(fused, (self.input_shape[0], first.reads, *extents), first)
            return
        shape = (self.input_shape[0], first.channels, *self._extents(index + 1))
        for block in others:
            _add_block(fused, shape, block)

    def _add_head(self, fused: FusedList, tokens: Tokens) -> None:
        architecture = self.family.architecture(tokens, self.input_shape)
        extents = self._extents(len(self.family.stages))
        shape = fused.convolution(
            (self.input_shape[0], architecture.blocks[-1].channels, *extents),
            architecture.last,
            activation="hard_swish",
        )
        pooled = fused.average_pool(shape, declared_window=False)
        hidden = fused.fully_connected(pooled, architecture.hidden, activation="hard_swish")
        fused.fully_connected(hidden, self.num_classes)


def _add_block(fused: FusedList, shape: Shape, block: GatedBottleneck) -> None:
    if block.inner != block.reads:
        shape = fused.convolution(shape, block.inner, activation=block.activation)
    shape = fused.convolution(
        shape,
        block.inner,
        kernel=block.kernel,
        stride=block.stride,
        depthwise=True,
        activation=block.activation,
    )
    if block.gate:
        fused.gate(shape, block.squeezed_width)
    shape = fused.convolution(shape, block.channels)
    if block.adds:
        fused.addition(shape)
