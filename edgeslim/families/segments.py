"""A space in parts: what each part adds depends on a few tokens only.

So the operators of a whole population are sums over small tables: one row for each choice
of a part's tokens. Nothing is built network by network.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from edgeslim.families.tokens import Tokens
from edgeslim.opspec import OpSpec

__all__ = ["Segment", "Variant"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """Operators that one choice of a segment's tokens adds to a network.

    The optimizer looks for one pair of convolutions whose merging saves work, and then
    merges every pair of the network; so each segment says both.

    Args:
        plain: Number of times that it adds each operator where nothing is merged.
        merged: The same where the network's pairs are merged; below zero where an operator
            of another segment becomes part of one of these, or was counted there already.
        pays: Number of pairs whose merging saves work. A network's sum is what counts;
            a single one may be below zero, as the operators' counts may.
    """

    plain: Mapping[OpSpec, int] = field(default_factory=dict)
    merged: Mapping[OpSpec, int] = field(default_factory=dict)
    pays: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """One part of a space.

    Args:
        positions: Positions of the tokens that it depends on, rising.
        ranges: Number of values of each of these tokens.
        variant: Makes the variant for values of these tokens.
    """

    positions: Tokens
    ranges: Tokens
    variant: Callable[[Tokens], Variant]

    @property
    def size(self) -> int:
        """Number of combinations of its tokens' values."""
        return math.prod(self.ranges)

    def variants(self) -> Iterator[Variant]:
        """Yields the variant of every combination, the last token changing fastest."""
        for values in product(*map(range, self.ranges)):
            yield self.variant(values)
