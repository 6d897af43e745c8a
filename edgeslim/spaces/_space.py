"""Search spaces: their protocol, their families, and the operators of all their networks."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from edgeslim.execution import Target
from edgeslim.families.segments import Segment, Variant
from edgeslim.families.tokens import Tokens
from edgeslim.opspec import OpSpec, Shape

if TYPE_CHECKING:
    from paddle import nn

__all__ = [
    "Space",
    "SpaceFamily",
    "every_operator",
    "operator_use",
    "segment_variants",
    "some_networks",
]

_LOGGER = logging.getLogger(__name__)

_DRAWN = 150
"""Number of random networks that are looked at, of a space whose segments are unknown."""


class Space(Protocol):
    """A search space for one input shape and number of classes."""

    @property
    def name(self) -> str:
        """Name by which the space is found."""

    @property
    def ranges(self) -> Tokens:
        """Token ``i`` is in ``range(ranges[i])``."""

    @property
    def initial_tokens(self) -> Tokens:
        """Tokens that a search starts from."""

    @property
    def input_shape(self) -> Shape:
        """Input of its networks, ``(N, C, H, W)``."""

    @property
    def num_classes(self) -> int:
        """Number of classes, the width of the output."""

    def check(self, tokens: Sequence[int]) -> Tokens:
        """The tokens, if they are of this space.

        Raises:
            UsageError: Wrong count, or a token out of its range; says which.
        """

    def build(self, tokens: Tokens) -> nn.Layer:
        """The network, with fresh weights."""

    def operators(self, tokens: Tokens, target: Target | None) -> tuple[OpSpec, ...]:
        """The operators that ``opt`` leaves of the network, in no certain order.

        Args:
            tokens: Tokens of the network.
            target: Target that ``opt`` converts for; None for the operators before any fusion.
        """

    def segments(self, target: Target | None) -> tuple[Segment, ...]:
        """Parts of the space, whose operators add up to those of a network.

        Empty where the parts are unknown; such a space is asked network by network.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class SpaceFamily:
    """A space at any input shape and number of classes, as a module of this package declares it.

    Args:
        make: Makes the space for an input shape and a number of classes.
        summary: One line about the space, for lists of spaces.
        input_shape: Input shape that the space was designed for, ``(N, C, H, W)``.
        num_classes: Number of classes that the space was designed for.
        detects: Whether its networks find objects in an image, rather than classify it.
        published: Tokens of networks that others have published, by name.
    """

    make: Callable[[Shape, int], Space]
    summary: str
    input_shape: Shape
    num_classes: int
    detects: bool = False
    published: Mapping[str, Tokens] = field(default_factory=dict)

    def space(self, input_shape: Shape | None = None, num_classes: int | None = None) -> Space:
        """The space at an input shape and a number of classes, or at its own."""
        return _make_once(
            self.make,
            self.input_shape if input_shape is None else tuple(input_shape),
            self.num_classes if num_classes is None else num_classes,
        )


@lru_cache(maxsize=16)
def _make_once(make: Callable[[Shape, int], Space], input_shape: Shape, num_classes: int) -> Space:
    """One value for one space, so that what is known of its segments is found again."""
    return make(input_shape, num_classes)


def segment_variants(
    space: Space, target: Target | None
) -> tuple[tuple[Segment, tuple[Variant, ...]], ...]:
    """The segments of a space, each with its variants in the order of `Segment.variants`.

    A search asks several times for the same ten thousand variants; those of the last spaces are
    kept.

    Args:
        space: The space; nothing is kept of one that cannot be hashed.
        target: Target that ``opt`` converts for; None for the operators before any fusion.
    """
    try:
        hash(space)
    except TypeError:
        return _list_variants(space, target)
    return _kept_variants(space, target)  # type: ignore[arg-type]  # it was hashed just now


def _list_variants(
    space: Space, target: Target | None
) -> tuple[tuple[Segment, tuple[Variant, ...]], ...]:
    return tuple((segment, tuple(segment.variants())) for segment in space.segments(target))


_kept_variants = lru_cache(maxsize=8)(_list_variants)


def every_operator(space: Space, target: Target | None) -> list[OpSpec]:
    """Every operator that some network of a space has, each once.

    Convolutions that the optimizer may merge are listed merged and not, since whether it
    merges depends on the whole network. Of a space without segments, the operators of
    `some_networks` are listed, and others may be missing.
    """
    return list(operator_use(space, target))


def operator_use(space: Space, target: Target | None) -> dict[OpSpec, float]:
    """How many times networks of a space have each operator, the mean over all tokens.

    Whether the optimizer merges a network's convolutions is taken to be decided in each
    segment by itself, as often as it is in that segment. Of a space without segments, it is
    the mean over `some_networks`.
    """
    segments = [(segment.size, variants) for segment, variants in segment_variants(space, target)]
    if not segments:
        return _use_in_some(space, target)
    unmerged = math.prod(
        1 - sum(variant.pays > 0 for variant in variants) / size for size, variants in segments
    )
    use: dict[OpSpec, float] = {}
    for size, variants in segments:
        for variant in variants:
            for counts, share in ((variant.plain, unmerged), (variant.merged, 1 - unmerged)):
                for spec, count in counts.items():
                    use[spec] = use.get(spec, 0.0) + count * share / size
    return use


def some_networks(space: Space) -> list[Tokens]:
    """The start, both ends, every change of one token of the start, and random ones, each once."""
    start = space.initial_tokens
    ends = [tuple(0 for _ in space.ranges), tuple(size - 1 for size in space.ranges)]
    changed = [
        (*start[:position], value, *start[position + 1 :])
        for position, size in enumerate(space.ranges)
        for value in range(size)
    ]
    drawn = np.random.default_rng(0).integers(0, space.ranges, (_DRAWN, len(space.ranges)))
    return list(dict.fromkeys([start, *ends, *changed, *(tuple(map(int, row)) for row in drawn)]))


def _use_in_some(space: Space, target: Target | None) -> dict[OpSpec, float]:
    networks = some_networks(space)
    _LOGGER.warning(
        "nothing is known of the parts of %s: its operators are those of %d of its networks, "
        "and others may be missing",
        space.name,
        len(networks),
    )
    counts: Counter[OpSpec] = Counter()
    for tokens in networks:
        counts.update(space.operators(tokens, target))
    return {spec: count / len(networks) for spec, count in counts.items()}
