"""Random search within the limits: the baseline that every other algorithm must beat."""

from __future__ import annotations

from edgeslim.algorithms._algorithm import Problem
from edgeslim.algorithms._proposals import Proposals
from edgeslim.spaces import Tokens

__all__ = ["ALGORITHM", "RandomSearch"]


class RandomSearch:
    """Draws uniformly, and learns nothing from rewards.

    Args:
        problem: The problem that is searched.
    """

    def __init__(self, problem: Problem) -> None:
        self._start = problem.start
        self._proposals = Proposals(problem)

    def ask(self) -> Tokens | None:
        return self._proposals.take(
            self._proposals.draw_allowed() or self._proposals.nearest_allowed(self._start)
        )

    def tell(self, tokens: Tokens, reward: float) -> None:  # noqa: ARG002 - it learns nothing
        self._proposals.exclude(tokens)


ALGORITHM = RandomSearch
