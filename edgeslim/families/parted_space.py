"""A space whose networks are parts in a row that the optimizer does not merge with each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from edgeslim.execution import Target
from edgeslim.families.fused_list import FusedList
from edgeslim.families.segments import Segment, Variant
from edgeslim.families.tokens import Tokens, check_tokens
from edgeslim.opspec import OpSpec, Shape

if TYPE_CHECKING:
    from paddle import nn

__all__ = ["PartedSpace", "SpacePart"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SpacePart:
    """The operators of one part of a network.

    Args:
        positions: Positions of the tokens that they depend on, rising.
        add: Adds the operators for some tokens to a list; it reads no other token.
    """

    positions: Tokens
    add: Callable[[FusedList, Tokens], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class PartedSpace:
    """A space for one input shape and number of classes.

    Args:
        name: Name by which the space is found.
        ranges: Number of values of each token.
        initial_tokens: Tokens that a search starts from.
        input_shape: Shape of the images, ``(N, C, H, W)``.
        num_classes: Number of classes, the width of the output.
        parts: The parts that hold all operators of its networks.
        network: Builds the network that tokens stand for.
    """

    name: str
    ranges: Tokens
    initial_tokens: Tokens
    input_shape: Shape
    num_classes: int
    parts: tuple[SpacePart, ...]
    network: Callable[[Tokens], nn.Layer]

    def check(self, tokens: Sequence[int]) -> Tokens:
        check_tokens(tokens, self.ranges)
        return tuple(tokens)

    def build(self, tokens: Tokens) -> nn.Layer:
        return self.network(self.check(tokens))

    def operators(self, tokens: Tokens, target: Target | None) -> tuple[OpSpec, ...]:
        fused = FusedList(target)
        for part in self.parts:
            fused.barrier()
            part.add(fused, tokens)
        return fused.specs()

    def segments(self, target: Target | None) -> tuple[Segment, ...]:
        return tuple(
            Segment(
                positions=part.positions,
                ranges=tuple(self.ranges[position] for position in part.positions),
                variant=partial(self._variant, part, target),
            )
            for part in self.parts
        )

    def _variant(self, part: SpacePart, target: Target | None, values: Tokens) -> Variant:
        tokens = list(self.initial_tokens)
        for position, value in zip(part.positions, values, strict=True):
            tokens[position] = value
        fused = FusedList(target)
        part.add(fused, tuple(tokens))
        counts = Counter(fused.specs())
        return Variant(plain=counts, merged=counts)
