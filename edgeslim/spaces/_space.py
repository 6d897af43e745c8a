"""What every search space can do."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from edgeslim.errors import UsageError
from edgeslim.execution import Target
from edgeslim.opspec import OpSpec, Shape
from edgeslim.spaces._segments import Segment

if TYPE_CHECKING:
    from paddle import nn

__all__ = [
    "Space",
    "SpaceFamily",
    "Tokens",
    "every_operator",
    "operator_use",
    "parse_tokens",
]

Tokens = tuple[int, ...]
"""One number for each choice of a space."""


class Space(Protocol):
    """A search space for one input shape and number of classes."""

    @property
    def name(self) -> str:
        """Name on the shelf."""

    @property
    def ranges(self) -> Tokens:
        """Token ``i`` is in ``range(ranges[i])``."""

    @property
    def initial_tokens(self) -> Tokens:
        """Where a search starts."""

    @property
    def input_shape(self) -> Shape:
        """Input of its networks, ``(N, C, H, W)``."""

    @property
    def num_classes(self) -> int:
        """Width of their output."""

    def check(self, tokens: Sequence[int]) -> Tokens:
        """The tokens, if they are of this space.

        Raises:
            UsageError: Wrong count, or a token out of its range; says which.
        """

    def build(self, tokens: Tokens) -> nn.Layer:
        """The network, with fresh weights."""

    def operators(self, tokens: Tokens, target: Target) -> tuple[OpSpec, ...]:
        """The operators that ``opt`` leaves of the network, in no certain order."""

    def segments(self, target: Target) -> tuple[Segment, ...]:
        """The space in parts, whose operators add up to those of a network."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SpaceFamily:
    """What a file of this folder says about its space.

    Args:
        make: Makes the space for an input shape and a number of classes.
        summary: One line for people.
        input_shape: What it was designed for.
        num_classes: What it was designed for.
        detects: Whether its networks find things in an image, rather than classify it.
    """

    make: Callable[[Shape, int], Space]
    summary: str
    input_shape: Shape
    num_classes: int
    detects: bool = False

    def space(self, input_shape: Shape | None = None, num_classes: int | None = None) -> Space:
        """The space at an input shape and a number of classes, or at its own."""
        return self.make(
            self.input_shape if input_shape is None else input_shape,
            self.num_classes if num_classes is None else num_classes,
        )


def every_operator(space: Space, target: Target) -> list[OpSpec]:
    """Every operator that some network of a space has, each once.

    Convolutions that the optimizer may merge are listed merged and not, since whether it
    merges depends on the whole network.
    """
    return list(operator_use(space, target))


def operator_use(space: Space, target: Target) -> dict[OpSpec, float]:
    """How many times networks of a space have each operator, the mean over all tokens.

    Whether the optimizer merges a network's convolutions is taken to be decided in each
    segment by itself, as often as it is in that segment.
    """
    segments = [(segment.size, list(segment.variants())) for segment in space.segments(target)]
    unmerged = math.prod(
        1 - sum(variant.pays for variant in variants) / size for size, variants in segments
    )
    use: dict[OpSpec, float] = {}
    for size, variants in segments:
        for variant in variants:
            for counts, share in ((variant.plain, unmerged), (variant.merged, 1 - unmerged)):
                for spec, count in counts.items():
                    use[spec] = use.get(spec, 0.0) + count * share / size
    return use


def parse_tokens(text: str) -> Tokens:
    """Tokens written ``3,1,1,0``.

    Raises:
        UsageError: Not whole numbers between commas.
    """
    try:
        return tuple(int(part) for part in text.replace(" ", "").split(","))
    except ValueError:
        raise UsageError(f"{text!r} are not tokens; write them like 3,1,1,0,1,0") from None
