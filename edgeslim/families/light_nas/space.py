"""Light-NAS spaces: from tokens to an architecture, and from that to fused operators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.execution import Target
from edgeslim.families.inputs import check_input
from edgeslim.families.light_nas.architecture import LightNasArchitecture
from edgeslim.families.light_nas.operators import fused_operators
from edgeslim.families.light_nas.segments import LightNasSegments
from edgeslim.families.segments import Segment
from edgeslim.families.tokens import Tokens, check_tokens
from edgeslim.opspec import OpSpec, Shape

if TYPE_CHECKING:
    from paddle import nn

__all__ = ["LightNasSpace"]


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
        return LightNasSegments(
            ranges=self.ranges,
            initial_tokens=self.initial_tokens,
            architecture=self.architecture,
            searched_from=self.searched_from,
            input_shape=self.input_shape,
            num_classes=self.num_classes,
            target=target,
        ).all()
