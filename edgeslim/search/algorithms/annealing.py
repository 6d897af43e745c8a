"""Simulated annealing with the rule of PaddleSlim 1.x's light-NAS.

The temperature falls as ``initial * rate ** k``; a proposal is one random token changed to
another value; it is accepted if its reward is higher, or with probability
``exp((reward - current) / temperature)`` (Kirkpatrick et al., 1983,
https://doi.org/10.1126/science.220.4598.671). Unlike the original, which trained vectors
that broke the limit when it found no other in a hundred tries, every proposal is feasible.
"""

from __future__ import annotations

import math

from edgeslim.search.algorithms._algorithm import Problem
from edgeslim.spaces import Tokens

__all__ = ["ALGORITHM", "Annealing"]

_WIDEST_MOVE = 4
_TRIES = 500
_COLDEST = 1e-12
"""Accepts nothing worse any more, and can still be divided by."""


class Annealing:
    """One walk through a space.

    Args:
        problem: What is searched.
        initial_temperature: The original's 10.24.
        reduce_rate: The original's 0.85.
    """

    def __init__(
        self, problem: Problem, *, initial_temperature: float = 10.24, reduce_rate: float = 0.85
    ) -> None:
        self._problem = problem
        self._initial_temperature = initial_temperature
        self._reduce_rate = reduce_rate
        self._step = 0
        self._current = problem.start
        self._current_reward = -1.0
        self._seen: set[Tokens] = set()

    @property
    def temperature(self) -> float:
        """The temperature of the coming step."""
        return max(self._initial_temperature * self._reduce_rate**self._step, _COLDEST)

    def ask(self) -> Tokens | None:
        if self._problem.start not in self._seen:
            return self._problem.start
        for width in range(1, _WIDEST_MOVE + 1):
            neighbour = self._neighbour(width)
            if neighbour is not None:
                return neighbour
        return None

    def tell(self, tokens: Tokens, reward: float) -> None:
        self._step += 1
        self._seen.add(tokens)
        better = reward > self._current_reward
        chance = math.exp(min(0.0, (reward - self._current_reward) / self.temperature))
        # Drawn in any case: the stream of numbers must not depend on the rewards.
        if self._problem.generator.random() <= chance or better:
            self._current, self._current_reward = tokens, reward

    def _neighbour(self, width: int) -> Tokens | None:
        """A feasible vector not seen before that differs in ``width`` tokens."""
        generator, ranges = self._problem.generator, self._problem.ranges
        movable = [place for place, size in enumerate(ranges) if size > 1]
        tried: set[Tokens] = set()
        for _ in range(_TRIES):
            tokens = list(self._current)
            places = generator.choice(movable, size=min(width, len(movable)), replace=False)
            for place in places:
                step = int(generator.integers(1, ranges[place]))
                tokens[place] = (tokens[place] + step) % ranges[place]
            candidate = tuple(tokens)
            if candidate in self._seen or candidate in tried:
                continue
            tried.add(candidate)
            if self._problem.feasible(candidate):
                return candidate
        return None


ALGORITHM = Annealing
