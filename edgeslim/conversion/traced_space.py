"""A user's space, of which only the networks are known: each is built, exported and fused.

If the user says which tokens belong together, few networks determine the operators of all others.
Let the operators of a network be a sum, over parts, of counts that depend on a part's tokens
alone. Then, with all other tokens at their initial values, a part adds for some values of its
tokens what that network has, minus what the parts before it add.
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
from edgeslim.conversion.user_object import with_error_context
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
"""Number of random networks that are checked against the sum of the parts."""

_MOST_CHOICES = 20_000
"""Most choices of all parts, each of which is a network to trace; they take some hours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UserSpace:
    """A search space that a user's object defines.

    Args:
        name: Name in tables and files.
        where: Place for messages, such as ``space.py: SPACE``.
        ranges: Number of values of each token.
        initial_tokens: Tokens that a search starts from.
        build: Builds the network of some tokens, for a number of classes.
        parts: Positions of tokens that belong together, if the user names them: no operator
            depends on tokens of several parts.
    """

    name: str
    where: str
    ranges: Tokens
    initial_tokens: Tokens
    build: Callable[[Tokens, int], Any]
    parts: tuple[Tokens, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _FusedNetwork:
    """A network after the optimizer, and its operators with pairs merged or not."""

    specs: tuple[OpSpec, ...]
    variant: Variant


class TracedSpace:
    """A user's space for one input shape and number of classes.

    Args:
        space: The space as the user defines it.
        input_shape: Shape of the input, ``(N, C, H, W)``.
        num_classes: Number of classes of the networks.
        progress: Display that shows how many networks are traced.

    Raises:
        UsageError: The input shape or the number of classes is not valid.
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
        self._fused: dict[tuple[Tokens, Target | None], _FusedNetwork] = {}
        self._segments: dict[Target | None, tuple[Segment, ...]] = {}
        self._same: dict[OpSpec, OpSpec] = {}

    def check(self, tokens: Sequence[int]) -> Tokens:
        check_tokens(tokens, self.ranges)
        return tuple(tokens)

    def build(self, tokens: Tokens) -> nn.Layer:
        """Builds the network of some tokens, with fresh weights.

        Raises:
            BadFileError: The user's function raises an error, or returns something else.
        """
        paddle = load_paddle()
        call = f"{self._space.where}.build({tokens}, {self.num_classes})"
        net = with_error_context(call, self._space.build)(self.check(tokens), self.num_classes)
        if not isinstance(net, paddle.nn.Layer):
            raise BadFileError(f"{call} returns {type(net).__name__}, not a paddle.nn.Layer")
        return net

    def operators(self, tokens: Tokens, target: Target | None) -> tuple[OpSpec, ...]:
        return self._fused_network(tokens, target).specs

    def segments(self, target: Target | None) -> tuple[Segment, ...]:
        """Operators that each part adds, if the user names parts.

        Raises:
            BadFileError: The parts do not add up to a network, which the message names.
        """
        if self._space.parts and target not in self._segments:
            self._segments[target] = self._find_segments(target)
        return self._segments.get(target, ())

    def _fused_network(self, tokens: Tokens, target: Target | None) -> _FusedNetwork:
        """A network after the optimizer, which is traced only once."""
        key = (tokens, target)
        if key not in self._fused:
            net = self.build(tokens)
            with temporary_folder() as folder:
                model = prepare_layer(net, self.input_shape, folder / "net", name=self.name)
                self._fused[key] = self._fuse_graph(unfused_graph(model), target)
        return self._fused[key]

    def _fuse_graph(self, graph: Graph, target: Target | None) -> _FusedNetwork:
        if target is None:
            specs = tuple(map(self._one, graph.specs))
            return _FusedNetwork(
                specs=specs, variant=Variant(plain=Counter(specs), merged=Counter(specs))
            )
        both = fuse_with_and_without_merging(graph, target)
        return _FusedNetwork(
            specs=tuple(map(self._one, fuse(graph, target).specs)),
            variant=Variant(
                plain=Counter(map(self._one, both.plain.specs)),
                merged=Counter(map(self._one, both.merged.specs)),
                pays=both.cheaper,
            ),
        )

    def _one(self, spec: OpSpec) -> OpSpec:
        """One object for equal operators, since thousands of networks have the same few."""
        return self._same.setdefault(spec, spec)

    def _find_segments(self, target: Target | None) -> tuple[Segment, ...]:
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
                    whole = self._fused_network(tokens, target).variant
                    variants[values] = _subtract(whole, _variants_at(found, tokens))
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
        """The initial tokens with some replaced."""
        tokens = list(self.initial_tokens)
        for place, value in zip(positions, values, strict=True):
            tokens[place] = value
        return tuple(tokens)

    def _prove(self, segments: Sequence[Segment], target: Target | None) -> None:
        drawn = np.random.default_rng(0).integers(0, self.ranges, (_PROVED_BY, len(self.ranges)))
        ends = [tuple(size - 1 for size in self.ranges), tuple(0 for _ in self.ranges)]
        for tokens in [*ends, *(tuple(map(int, row)) for row in drawn)]:
            variants = _variants_at(segments, tokens)
            merges = sum(variant.pays for variant in variants) > 0
            counts = _sum(variant.merged if merges else variant.plain for variant in variants)
            if counts != Counter(self.operators(tokens, target)):
                raise BadFileError(
                    f"{self._space.where}: the parts do not add up to the network "
                    f"{','.join(map(str, tokens))}; the tokens that an operator depends on, and "
                    "those of two convolutions with nothing in between, must be in one part"
                )


def _variants_at(segments: Iterable[Segment], tokens: Tokens) -> list[Variant]:
    """Variants of all segments for the tokens of a network."""
    return [
        segment.variant(tuple(tokens[place] for place in segment.positions)) for segment in segments
    ]


def _subtract(whole: Variant, known: Sequence[Variant]) -> Variant:
    return Variant(
        plain=_difference(whole.plain, (variant.plain for variant in known)),
        merged=_difference(whole.merged, (variant.merged for variant in known)),
        pays=whole.pays - sum(variant.pays for variant in known),
    )


def _difference(
    whole: Mapping[OpSpec, int], known: Iterable[Mapping[OpSpec, int]]
) -> Counter[OpSpec]:
    counts = Counter(whole)
    for counted in known:
        counts.subtract(counted)
    return Counter({spec: count for spec, count in counts.items() if count})


def _sum(several: Iterable[Mapping[OpSpec, int]]) -> Counter[OpSpec]:
    counts: Counter[OpSpec] = Counter()
    for some in several:
        for spec, count in some.items():
            counts[spec] += count
    return Counter({spec: count for spec, count in counts.items() if count})
