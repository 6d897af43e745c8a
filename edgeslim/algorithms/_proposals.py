"""What all algorithms propose with: nothing that breaks a limit, and nothing twice.

Vectors are drawn and checked by the hundred, since a check of many takes as long as of one.
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
"""Mostly one of so few may be proposed, and the rest need not be checked."""
_LINES = 16
_SMALL = 4096
"""Spaces up to this size are looked at whole before one is said to be exhausted."""


class Proposals:
    """The vectors of a space that may still be proposed.

    Args:
        problem: What is searched.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._ranges = np.array(problem.ranges, np.int64)
        self._movable = np.flatnonzero(self._ranges > 1)
        self._seen: dict[Tokens, None] = {}  # in order, so that a choice from it is the same

    def saw(self, tokens: Tokens) -> None:
        """A vector was told of, and is not to be proposed."""
        self._seen[tokens] = None

    def taken(self, proposal: Tokens | None) -> Tokens | None:
        """The proposal, which is not to be proposed again."""
        if proposal is not None:
            self._seen[proposal] = None
        return proposal

    def drawn(self, count: int = _DRAWN) -> IntArray:
        """Vectors drawn uniformly from the space, within the limits or not."""
        return self._problem.generator.integers(0, self._ranges, (count, len(self._ranges)))

    def changed(self, centres: Vectors, width: int, count: int = _DRAWN) -> IntArray:
        """Vectors that differ from a centre in ``width`` tokens, within the limits or not.

        Args:
            centres: At least one; each in turn.
            width: How many tokens change; all, where fewer can.
            count: How many to draw.
        """
        generator, width = self._problem.generator, min(width, len(self._movable))
        vectors: IntArray = np.array(centres, np.int64)[np.arange(count) % len(centres)]
        order = generator.random((count, len(self._movable))).argsort(axis=1)
        places = self._movable[order[:, :width]]
        rows = np.arange(count)[:, None]
        steps = generator.integers(1, self._ranges[places])
        vectors[rows, places] = (vectors[rows, places] + steps) % self._ranges[places]
        return vectors

    def allowed(self, vectors: Vectors) -> list[Tokens]:
        """Those that may be proposed, each once, in their order."""
        new = [each for each in dict.fromkeys(_as_tokens(vectors)) if each not in self._seen]
        fits = self._problem.feasible(new) if new else ()
        return [each for each, fit in zip(new, fits, strict=True) if fit]

    def first(self, vectors: Vectors) -> Tokens | None:
        """The first that may be proposed."""
        for part in (vectors[:_FIRST], vectors[_FIRST:]):
            for found in self.allowed(part):
                return found
        return None

    def anywhere(self) -> Tokens | None:
        """A vector drawn uniformly from those that may be proposed.

        Where the limits leave none of many, one on a line to one of them from what is allowed.
        """
        drawn = self.drawn()
        return self.first(drawn) or self.toward(drawn[:_LINES], self._within())

    def near(self, centre: Tokens) -> Tokens | None:
        """A vector that may be proposed and differs in as few tokens as possible.

        Returns:
            One from anywhere if there is none within a few tokens; None if there is none
            either, and none at all in a space that is small enough to look.
        """
        for width in range(1, _WIDEST_MOVE + 1):
            found = self.first(self.changed([centre], width))
            if found is not None:
                return found
        return self.anywhere() or self._last()

    def toward(self, wanted: Vectors, known: Tokens) -> Tokens | None:
        """The last vector that may be proposed on the way from one that is feasible.

        A line takes the tokens of a wanted vector one after another, in a random order; that
        of the first wanted vector which has any counts.
        """
        lines = [list(self._line(known, each)) for each in _as_tokens(wanted)]
        fits = set(self.allowed([tokens for line in lines for tokens in line]))
        for line in lines:
            for tokens in reversed(line):
                if tokens in fits:
                    return tokens
        return None

    def _within(self) -> Tokens:
        """A vector within the limits: the start, if they have not become narrower since."""
        known = [self._problem.start, *self._seen]
        return known[int(np.argmax(self._problem.feasible(known)))]

    def _line(self, known: Tokens, wanted: Tokens) -> Iterator[Tokens]:
        tokens = list(known)
        differing = [place for place in self._movable if known[place] != wanted[place]]
        for place in self._problem.generator.permutation(np.array(differing, np.int64)):
            tokens[place] = wanted[place]
            yield tuple(tokens)

    def _last(self) -> Tokens | None:
        """One that no draw has met, in a small space."""
        size = math.prod(self._problem.ranges)
        if size > _SMALL:
            return None
        everyone = np.unravel_index(self._problem.generator.permutation(size), self._ranges)
        return self.first(np.stack(everyone, axis=1))


def _as_tokens(vectors: Vectors) -> Iterable[Tokens]:
    as_lists = vectors.tolist() if isinstance(vectors, np.ndarray) else vectors
    return map(tuple, as_lists)
