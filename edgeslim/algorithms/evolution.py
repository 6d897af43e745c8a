"""Regularised evolution (Real et al., 2019, https://doi.org/10.1609/aaai.v33i01.33014780).

The population are the youngest vectors; the best of a random sample has a child, which differs in
one token; the oldest is removed, however good it was, so that a lucky training does not last.
"""

from __future__ import annotations

from collections import deque

from edgeslim.algorithms._algorithm import Problem
from edgeslim.algorithms._proposals import Proposals
from edgeslim.spaces import Tokens

__all__ = ["ALGORITHM", "Evolution"]


class Evolution:
    """A population that evolves by mutation and age.

    Args:
        problem: The problem that is searched.
        population: Size of the population. The paper's 100 is for twenty thousand
            evaluations; a search here has some hundred at most.
        sample: Size of the random sample whose best becomes the parent.
    """

    def __init__(self, problem: Problem, *, population: int = 32, sample: int = 8) -> None:
        self._generator = problem.generator
        self._start = problem.start
        self._proposals = Proposals(problem)
        self._size, self._sample = population, sample
        self._asked = 0
        self._population: deque[tuple[float, Tokens]] = deque(maxlen=population)

    def ask(self) -> Tokens | None:
        self._asked += 1
        first = self._proposals.draw_allowed() if self._asked <= self._size else None
        return self._proposals.take(first or self._proposals.nearest_allowed(self._parent()))

    def tell(self, tokens: Tokens, reward: float) -> None:
        self._proposals.exclude(tokens)
        self._population.append((reward, tokens))

    def _parent(self) -> Tokens:
        if not self._population:
            return self._start
        count = min(self._sample, len(self._population))
        drawn = self._generator.choice(len(self._population), size=count, replace=False)
        return max(self._population[place] for place in drawn)[1]


ALGORITHM = Evolution
