"""Spaces of residual networks of basic blocks: stages of three tokens each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from edgeslim.families.fused_list import FusedList
from edgeslim.families.inputs import check_input, is_small
from edgeslim.families.parted_space import PartedSpace, SpacePart
from edgeslim.families.resnet.architecture import BasicStage, ResNetArchitecture
from edgeslim.families.tokens import Tokens
from edgeslim.opspec import Shape

if TYPE_CHECKING:
    from paddle import nn

__all__ = ["ResNetFamily"]

_PER_STAGE = 3
_WIDTH, _MIDDLE, _BLOCKS = range(_PER_STAGE)


@dataclass(frozen=True, kw_only=True, slots=True)
class ResNetFamily:
    """The space at any input shape and number of classes.

    Args:
        name: Name by which the space is found.
        widths: Numbers of channels to choose from, for each stage.
        middles: Widths between two convolutions, as fractions of the stage's, to choose from.
        blocks: Numbers of blocks to choose from.
        initial_tokens: Tokens that a search starts from.
    """

    name: str
    widths: tuple[tuple[int, ...], ...]
    middles: tuple[float, ...]
    blocks: tuple[int, ...]
    initial_tokens: Tokens

    def architecture(self, tokens: Sequence[int], input_shape: Shape) -> ResNetArchitecture:
        """The architecture that tokens stand for."""
        stages = tuple(self.stage(tokens, index) for index in range(len(self.widths)))
        return ResNetArchitecture(stages=stages, is_small=is_small(input_shape))

    def stage(self, tokens: Sequence[int], index: int) -> BasicStage:
        """The widths and the depth of a stage."""
        width, middle, blocks = tokens[_PER_STAGE * index : _PER_STAGE * (index + 1)]
        channels = self.widths[index][width]
        return BasicStage(
            width=channels,
            middle=round(channels * self.middles[middle]),
            blocks=self.blocks[blocks],
        )

    def space(self, input_shape: Shape, num_classes: int) -> PartedSpace:
        """The space for one input shape and number of classes."""
        check_input(self.name, input_shape, num_classes)
        sized = _SizedResNet(family=self, input_shape=input_shape, num_classes=num_classes)
        sizes = [(len(widths), len(self.middles), len(self.blocks)) for widths in self.widths]
        return PartedSpace(
            name=self.name,
            ranges=tuple(size for stage in sizes for size in stage),
            initial_tokens=self.initial_tokens,
            input_shape=input_shape,
            num_classes=num_classes,
            parts=tuple(sized.parts()),
            network=sized.network,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _SizedResNet:
    """The space for one input shape and number of classes.

    Args:
        family: The space at any input.
        input_shape: Shape of the images, ``(N, C, H, W)``.
        num_classes: Number of classes, the width of the output.
    """

    family: ResNetFamily
    input_shape: Shape
    num_classes: int

    def parts(self) -> list[SpacePart]:
        """The parts that hold all operators of its networks, in order."""
        parts = [SpacePart(positions=(_WIDTH,), add=self._add_stem)]
        for index in range(len(self.family.widths)):
            start = _PER_STAGE * index
            before = (start - _PER_STAGE + _WIDTH,) if index else ()
            add = partial(self._add_stage, index=index)
            own = tuple(range(start, start + _PER_STAGE))
            parts += [
                SpacePart(positions=(*before, *own[:_BLOCKS]), add=partial(add, is_first=True)),
                SpacePart(positions=own, add=partial(add, is_first=False)),
            ]
        parts.append(SpacePart(positions=(start + _WIDTH,), add=self._add_head))
        return parts

    def network(self, tokens: Tokens) -> nn.Layer:
        """The network in Paddle that tokens stand for."""
        from edgeslim.families.resnet.layers import basic_resnet

        architecture = self.family.architecture(tokens, self.input_shape)
        return basic_resnet(architecture, self.num_classes, in_channels=self.input_shape[1])

    def _shape_behind(self, tokens: Tokens, index: int) -> Shape:
        """Of what a stage writes."""
        n, _, *extents = self.input_shape
        halvings = index + (0 if is_small(self.input_shape) else 2)
        for _ in range(halvings):
            extents = [-(-extent // 2) for extent in extents]
        return (n, self.family.stage(tokens, index).width, *extents)

    def _add_stem(self, fused: FusedList, tokens: Tokens) -> None:
        width = self.family.stage(tokens, 0).width
        if is_small(self.input_shape):
            fused.convolution(self.input_shape, width, kernel=3, activation="relu")
            return
        shape = fused.convolution(self.input_shape, width, kernel=7, stride=2, activation="relu")
        fused.max_pool(shape, 3, stride=2, padding=1)

    def _add_stage(self, fused: FusedList, tokens: Tokens, *, index: int, is_first: bool) -> None:
        """The first block of a stage, or all others."""
        stage = self.family.stage(tokens, index)
        if is_first:
            shape = self._shape_behind(tokens, max(index - 1, 0))
            _add_block(fused, shape, stage, stride=2 if index else 1)
            return
        shape = self._shape_behind(tokens, index)
        for _ in range(stage.blocks - 1):
            _add_block(fused, shape, stage, stride=1)

    def _add_head(self, fused: FusedList, tokens: Tokens) -> None:
        shape = self._shape_behind(tokens, len(self.family.widths) - 1)
        fused.fully_connected(fused.average_pool(shape, declared_window=False), self.num_classes)


def _add_block(fused: FusedList, shape: Shape, stage: BasicStage, *, stride: int) -> None:
    if stride > 1 or shape[1] != stage.width:
        fused.convolution(shape, stage.width, stride=stride)  # the way around
    fused.barrier()
    middle = fused.convolution(shape, stage.middle, kernel=3, stride=stride, activation="relu")
    fused.addition(fused.convolution(middle, stage.width, kernel=3), activation="relu")
