"""A space whose networks are parts in a row, none of which the optimizer merges with another."""

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

__all__ = ["Part", "PartedSpace"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Some operators of a network.

    Args:
        positions: The tokens that they depend on, rising.
        add: Adds those of a network with these tokens; it reads no other token.
    """

    positions: Tokens
    add: Callable[[FusedList, Tokens], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class PartedSpace:
    """A space for one input shape and number of classes.

    Args:
        name: Name on the shelf.
        ranges: How many values each token has.
        initial_tokens: Where a search starts.
        input_shape: ``(N, C, H, W)``.
        num_classes: Width of the output.
        parts: All operators of its networks.
        network: The network of some tokens.
    """

    name: str
    ranges: Tokens
    initial_tokens: Tokens
    input_shape: Shape
    num_classes: int
    parts: tuple[Part, ...]
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
                ranges=tuple(self.ranges[place] for place in part.positions),
                variant=partial(self._variant, part, target),
            )
            for part in self.parts
        )

    def _variant(self, part: Part, target: Target | None, values: Tokens) -> Variant:
        tokens = list(self.initial_tokens)
        for place, value in zip(part.positions, values, strict=True):
            tokens[place] = value
        fused = FusedList(target)
        part.add(fused, tuple(tokens))
        counts = Counter(fused.specs())
        return Variant(plain=counts, merged=counts)
