"""Vectors drawn uniformly from those within the limits: what every other algorithm must beat."""

from __future__ import annotations

from edgeslim.algorithms._algorithm import Problem
from edgeslim.algorithms._proposals import Proposals
from edgeslim.spaces import Tokens

__all__ = ["ALGORITHM", "RandomSearch"]


class RandomSearch:
    """Learns nothing from what it is told.

    Args:
        problem: What is searched.
    """

    def __init__(self, problem: Problem) -> None:
        self._start = problem.start
        self._proposals = Proposals(problem)

    def ask(self) -> Tokens | None:
        return self._proposals.taken(
            self._proposals.anywhere() or self._proposals.near(self._start)
        )

    def tell(self, tokens: Tokens, reward: float) -> None:  # noqa: ARG002 - it learns nothing
        self._proposals.saw(tokens)


ALGORITHM = RandomSearch
