"""Regularised evolution (Real et al., 2019, https://doi.org/10.1609/aaai.v33i01.33014780).

A population of the youngest; the best of a random few has a child, which differs in one
token; the oldest dies, however good it was, so that luck in training does not stay for ever.
"""

from __future__ import annotations

from collections import deque

from edgeslim.algorithms._algorithm import Problem
from edgeslim.algorithms._proposals import Proposals
from edgeslim.spaces import Tokens

__all__ = ["ALGORITHM", "Evolution"]


class Evolution:
    """A population that lives on mutation and age.

    Args:
        problem: What is searched.
        population: How many live at a time. The paper's 100 is for twenty thousand
            evaluations; a search here has some hundred at most.
        sample: Of how many the best becomes a parent.
    """

    def __init__(self, problem: Problem, *, population: int = 32, sample: int = 8) -> None:
        self._generator = problem.generator
        self._start = problem.start
        self._proposals = Proposals(problem)
        self._size, self._sample = population, sample
        self._asked = 0
        self._living: deque[tuple[float, Tokens]] = deque(maxlen=population)

    def ask(self) -> Tokens | None:
        self._asked += 1
        first = self._proposals.anywhere() if self._asked <= self._size else None
        return self._proposals.taken(first or self._proposals.near(self._parent()))

    def tell(self, tokens: Tokens, reward: float) -> None:
        self._proposals.saw(tokens)
        self._living.append((reward, tokens))

    def _parent(self) -> Tokens:
        if not self._living:
            return self._start
        count = min(self._sample, len(self._living))
        drawn = self._generator.choice(len(self._living), size=count, replace=False)
        return max(self._living[place] for place in drawn)[1]


ALGORITHM = Evolution
