"""Simulated annealing with the rule of PaddleSlim 1.x's light-NAS.

The temperature falls as ``initial * rate ** k``; a proposal is one random token changed to
another value; it is accepted if its reward is higher, or with probability
``exp((reward - current) / temperature)`` (Kirkpatrick et al., 1983,
https://doi.org/10.1126/science.220.4598.671). Unlike the original, which trained vectors
that broke the limit when it found no other in a hundred tries, and trained the same vector
again, every proposal is feasible and new.
"""

from __future__ import annotations

import math

from edgeslim.algorithms._algorithm import Problem
from edgeslim.algorithms._proposals import Proposals
from edgeslim.spaces import Tokens

__all__ = ["ALGORITHM", "Annealing"]

_COLDEST = 1e-12
"""Accepts nothing worse any more, and is not zero, so that it can be divided by."""


class Annealing:
    """One walk through a space.

    Args:
        problem: The problem that is searched.
        initial_temperature: Temperature of the first step; by default the original's.
        reduce_rate: Factor of the temperature from step to step; by default the original's.
    """

    def __init__(
        self, problem: Problem, *, initial_temperature: float = 10.24, reduce_rate: float = 0.85
    ) -> None:
        self._generator = problem.generator
        self._proposals = Proposals(problem)
        self._initial_temperature = initial_temperature
        self._reduce_rate = reduce_rate
        self._step = 0
        self._current = problem.start
        self._current_reward = -1.0

    @property
    def temperature(self) -> float:
        """The temperature of the next step."""
        return max(self._initial_temperature * self._reduce_rate**self._step, _COLDEST)

    def ask(self) -> Tokens | None:
        return self._proposals.take(self._proposals.nearest_allowed(self._current))

    def tell(self, tokens: Tokens, reward: float) -> None:
        self._proposals.exclude(tokens)
        self._step += 1
        better = reward > self._current_reward
        chance = math.exp(min(0.0, (reward - self._current_reward) / self.temperature))
        # Drawn in any case: the stream of numbers must not depend on the rewards.
        if self._generator.random() <= chance or better:
            self._current, self._current_reward = tokens, reward


ALGORITHM = Annealing
