"""Proposals of all algorithms: within the limits, and never the same twice.

Vectors are drawn and checked by the hundred, since checking many takes as long as checking one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from edgeslim.algorithms._algorithm import Problem
from edgeslim.spaces import Tokens

__all__ = ["IntArray", "Proposals", "Vectors"]

IntArray = np.ndarray[Any, np.dtype[np.int64]]
Vectors = IntArray | Sequence[Tokens]

_WIDEST_MOVE = 4
_DRAWN = 512
_FIRST = 16
"""Number of vectors that are checked first: mostly one of them may be proposed already."""
_LINES = 16
_SMALL = 4096
"""Spaces up to this size are enumerated before they count as exhausted."""


class Proposals:
    """The vectors of a space that may still be proposed.

    Args:
        problem: The problem that is searched.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._ranges = np.array(problem.ranges, np.int64)
        self._movable = np.flatnonzero(self._ranges > 1)
        self._excluded: dict[Tokens, None] = {}  # in order, so that a choice from it is the same

    def exclude(self, tokens: Tokens) -> None:
        """Excludes a vector from further proposals."""
        self._excluded[tokens] = None

    def take(self, proposal: Tokens | None) -> Tokens | None:
        """Returns a proposal, and excludes it from further ones."""
        if proposal is not None:
            self._excluded[proposal] = None
        return proposal

    def draw(self, count: int = _DRAWN) -> IntArray:
        """Draws vectors uniformly from the space, within the limits or not."""
        return self._problem.generator.integers(0, self._ranges, (count, len(self._ranges)))

    def mutate(self, centres: Vectors, width: int, count: int = _DRAWN) -> IntArray:
        """Draws vectors that differ from a centre in ``width`` tokens, within the limits or not.

        Args:
            centres: Vectors to mutate in turn, at least one.
            width: How many tokens change; all, where fewer can.
            count: How many vectors to draw.
        """
        generator, width = self._problem.generator, min(width, len(self._movable))
        vectors: IntArray = np.array(centres, np.int64)[np.arange(count) % len(centres)]
        order = generator.random((count, len(self._movable))).argsort(axis=1)
        places = self._movable[order[:, :width]]
        rows = np.arange(count)[:, None]
        steps = generator.integers(1, self._ranges[places])
        vectors[rows, places] = (vectors[rows, places] + steps) % self._ranges[places]
        return vectors

    def filter_allowed(self, vectors: Vectors) -> list[Tokens]:
        """The vectors that may be proposed, each once, in their order."""
        new = [
            tokens for tokens in dict.fromkeys(_as_tokens(vectors)) if tokens not in self._excluded
        ]
        fits = self._problem.feasible(new) if new else ()
        return [tokens for tokens, fit in zip(new, fits, strict=True) if fit]

    def first_allowed(self, vectors: Vectors) -> Tokens | None:
        """The first vector that may be proposed; None if there is none."""
        for part in (vectors[:_FIRST], vectors[_FIRST:]):
            for found in self.filter_allowed(part):
                return found
        return None

    def draw_allowed(self) -> Tokens | None:
        """Draws a vector uniformly from those that may be proposed.

        If none of many draws is within the limits, it is one on the way from a feasible vector
        to one of them.
        """
        drawn = self.draw()
        return self.first_allowed(drawn) or self.last_allowed_toward(
            drawn[:_LINES], self._feasible_vector()
        )

    def nearest_allowed(self, centre: Tokens) -> Tokens | None:
        """A vector that may be proposed and differs in as few tokens as possible.

        Returns:
            A random one if there is none within a few tokens; None if none was found either,
            nor by enumeration in a space that is small enough.
        """
        for width in range(1, _WIDEST_MOVE + 1):
            found = self.first_allowed(self.mutate([centre], width))
            if found is not None:
                return found
        return self.draw_allowed() or self._enumerate_rest()

    def last_allowed_toward(self, wanted: Vectors, known: Tokens) -> Tokens | None:
        """The last vector that may be proposed on the way from a feasible one to a wanted one.

        The tokens of a wanted vector are taken one after another, in a random order; the first
        wanted vector that has an allowed one on its way counts.
        """
        lines = [list(self._line(known, tokens)) for tokens in _as_tokens(wanted)]
        fits = set(self.filter_allowed([tokens for line in lines for tokens in line]))
        for line in lines:
            for tokens in reversed(line):
                if tokens in fits:
                    return tokens
        return None

    def _feasible_vector(self) -> Tokens:
        """A vector within the limits: the start, if they have not become narrower."""
        known = [self._problem.start, *self._excluded]
        return known[int(np.argmax(self._problem.feasible(known)))]

    def _line(self, known: Tokens, wanted: Tokens) -> Iterator[Tokens]:
        tokens = list(known)
        differing = [place for place in self._movable if known[place] != wanted[place]]
        for place in self._problem.generator.permutation(np.array(differing, np.int64)):
            tokens[place] = wanted[place]
            yield tuple(tokens)

    def _enumerate_rest(self) -> Tokens | None:
        """A vector that may be proposed, by enumeration of a small space."""
        size = math.prod(self._problem.ranges)
        if size > _SMALL:
            return None
        everyone = np.unravel_index(self._problem.generator.permutation(size), self._ranges)
        return self.first_allowed(np.stack(everyone, axis=1))


def _as_tokens(vectors: Vectors) -> Iterable[Tokens]:
    as_lists = vectors.tolist() if isinstance(vectors, np.ndarray) else vectors
    return map(tuple, as_lists)
