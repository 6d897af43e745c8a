"""A space of which only the networks are known: each is built, exported and fused.

If it is known which tokens belong together, few networks say what all the others are made
of. Let the operators of a network be a sum, over parts, of counts that depend on a part's
tokens alone. Then, with all other tokens as at the start, what a part adds for some values
of its tokens is what that network has, less what the parts before it already say of it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeslim.conversion.optimized import unfused_graph
from edgeslim.conversion.prepare import prepare_layer
from edgeslim.conversion.user_object import telling
from edgeslim.errors import BadFileError
from edgeslim.execution import Target
from edgeslim.files import temporary_folder
from edgeslim.fusion import fuse, fuse_with_and_without_merging
from edgeslim.graph import Graph
from edgeslim.opspec import OpSpec, Shape
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.progress import SILENT, Progress
from edgeslim.spaces import Segment, Tokens, Variant, check_input, check_tokens

if TYPE_CHECKING:
    from paddle import nn

__all__ = ["TracedSpace", "UserSpace"]

_PROVED_BY = 8
"""Random networks whose operators must be what the parts say."""

_MOST_CHOICES = 20_000
"""Choices of all parts, each a network to be traced: some hours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UserSpace:
    """What is known of a user's space.

    Args:
        name: For tables and files.
        where: For messages: ``space.py: SPACE``.
        ranges: How many values each token has.
        initial_tokens: Where a search starts.
        build: Makes the network of some tokens, for a number of classes.
        parts: Tokens that belong together, if the user says so: no operator depends on
            tokens that are not all in one part.
    """

    name: str
    where: str
    ranges: Tokens
    initial_tokens: Tokens
    build: Callable[[Tokens, int], Any]
    parts: tuple[Tokens, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Left:
    """What is left of a network: by the optimizer, and whether it merges pairs or not."""

    specs: tuple[OpSpec, ...]
    variant: Variant


class TracedSpace:
    """A user's space for one input shape and number of classes.

    Args:
        space: What the user says.
        input_shape: ``(N, C, H, W)``.
        num_classes: Width of the output.
        progress: Where to show how many networks are traced.

    Raises:
        UsageError: An input shape or a number of classes that cannot be.
    """

    def __init__(
        self,
        space: UserSpace,
        input_shape: Shape,
        num_classes: int,
        *,
        progress: Progress = SILENT,
    ) -> None:
        check_input(space.name, input_shape, num_classes)
        self._space = space
        self.name = space.name
        self.ranges = space.ranges
        self.initial_tokens = space.initial_tokens
        self.input_shape = input_shape
        self.num_classes = num_classes
        self._progress = progress
        self._left: dict[tuple[Tokens, Target | None], _Left] = {}
        self._segments: dict[Target | None, tuple[Segment, ...]] = {}
        self._same: dict[OpSpec, OpSpec] = {}

    def check(self, tokens: Sequence[int]) -> Tokens:
        check_tokens(tokens, self.ranges)
        return tuple(tokens)

    def build(self, tokens: Tokens) -> nn.Layer:
        """The network, with fresh weights.

        Raises:
            BadFileError: The user's function raises something, or returns something else.
        """
        paddle = load_paddle()
        call = f"{self._space.where}.build({tokens}, {self.num_classes})"
        net = telling(call, self._space.build)(self.check(tokens), self.num_classes)
        if not isinstance(net, paddle.nn.Layer):
            raise BadFileError(f"{call} returns {type(net).__name__}, not a paddle.nn.Layer")
        return net

    def operators(self, tokens: Tokens, target: Target | None) -> tuple[OpSpec, ...]:
        return self._of(tokens, target).specs

    def segments(self, target: Target | None) -> tuple[Segment, ...]:
        """What each part adds, if the user says which there are.

        Raises:
            BadFileError: The parts do not add up to the networks; names one.
        """
        if self._space.parts and target not in self._segments:
            self._segments[target] = self._found(target)
        return self._segments.get(target, ())

    def _of(self, tokens: Tokens, target: Target | None) -> _Left:
        """What is left of a network, looked into once."""
        key = (tokens, target)
        if key not in self._left:
            net = self.build(tokens)
            with temporary_folder() as folder:
                model = prepare_layer(net, self.input_shape, folder / "net", name=self.name)
                self._left[key] = self._left_of(unfused_graph(model), target)
        return self._left[key]

    def _left_of(self, graph: Graph, target: Target | None) -> _Left:
        if target is None:
            specs = tuple(map(self._one, graph.specs))
            return _Left(specs=specs, variant=Variant(plain=Counter(specs), merged=Counter(specs)))
        both = fuse_with_and_without_merging(graph, target)
        return _Left(
            specs=tuple(map(self._one, fuse(graph, target).specs)),
            variant=Variant(
                plain=Counter(map(self._one, both.plain.specs)),
                merged=Counter(map(self._one, both.merged.specs)),
                pays=both.cheaper,
            ),
        )

    def _one(self, spec: OpSpec) -> OpSpec:
        """Equal operators as one object: thousands of networks have the same few."""
        return self._same.setdefault(spec, spec)

    def _found(self, target: Target | None) -> tuple[Segment, ...]:
        parts = self._space.parts
        choices = sum(math.prod(self._ranges(positions)) for positions in parts)
        if choices > _MOST_CHOICES:
            raise BadFileError(
                f"the parts of {self._space.where} have {choices} choices together, and each is "
                f"a network to be built; {_MOST_CHOICES} at most can be looked into"
            )
        found: list[Segment] = []
        with self._progress.stage("networks looked into", choices + _PROVED_BY) as stage:
            for positions in parts:
                variants = {}
                for values in product(*map(range, self._ranges(positions))):
                    tokens = self._with(positions, values)
                    whole = self._of(tokens, target).variant
                    variants[values] = _less(whole, _at(found, tokens))
                    stage.advance()
                found.append(
                    Segment(
                        positions=positions,
                        ranges=self._ranges(positions),
                        variant=variants.__getitem__,
                    )
                )
            self._prove(found, target)
        return tuple(found)

    def _ranges(self, positions: Tokens) -> Tokens:
        return tuple(self.ranges[place] for place in positions)

    def _with(self, positions: Tokens, values: Tokens) -> Tokens:
        """The start, but for some tokens."""
        tokens = list(self.initial_tokens)
        for place, value in zip(positions, values, strict=True):
            tokens[place] = value
        return tuple(tokens)

    def _prove(self, segments: Sequence[Segment], target: Target | None) -> None:
        drawn = np.random.default_rng(0).integers(0, self.ranges, (_PROVED_BY, len(self.ranges)))
        ends = [tuple(size - 1 for size in self.ranges), tuple(0 for _ in self.ranges)]
        for tokens in [*ends, *(tuple(map(int, each)) for each in drawn)]:
            variants = _at(segments, tokens)
            merges = sum(variant.pays for variant in variants) > 0
            counts = _sum(variant.merged if merges else variant.plain for variant in variants)
            if counts != Counter(self.operators(tokens, target)):
                raise BadFileError(
                    f"{self._space.where}: the parts do not add up to the network "
                    f"{','.join(map(str, tokens))}; the tokens that an operator depends on, and "
                    "those of two convolutions with nothing in between, must be in one part"
                )


def _at(segments: Iterable[Segment], tokens: Tokens) -> list[Variant]:
    """What segments add to a network."""
    return [
        segment.variant(tuple(tokens[place] for place in segment.positions)) for segment in segments
    ]


def _less(whole: Variant, known: Sequence[Variant]) -> Variant:
    return Variant(
        plain=_difference(whole.plain, (each.plain for each in known)),
        merged=_difference(whole.merged, (each.merged for each in known)),
        pays=whole.pays - sum(each.pays for each in known),
    )


def _difference(
    whole: Mapping[OpSpec, int], known: Iterable[Mapping[OpSpec, int]]
) -> Counter[OpSpec]:
    counts = Counter(whole)
    for each in known:
        counts.subtract(each)
    return Counter({spec: count for spec, count in counts.items() if count})


def _sum(each: Iterable[Mapping[OpSpec, int]]) -> Counter[OpSpec]:
    counts: Counter[OpSpec] = Counter()
    for some in each:
        for spec, count in some.items():
            counts[spec] += count
    return Counter({spec: count for spec, count in counts.items() if count})
