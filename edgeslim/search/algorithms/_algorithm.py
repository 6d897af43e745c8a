"""What every search algorithm can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from edgeslim.spaces import Tokens

__all__ = ["Algorithm", "AlgorithmFactory", "Problem"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What is searched.

    Args:
        ranges: Token ``i`` is in ``range(ranges[i])``.
        start: A feasible vector to start from.
        feasible: Whether a vector is within all limits; asked before anything is trained.
        generator: Source of all randomness.
    """

    ranges: Tokens
    start: Tokens
    feasible: Callable[[Tokens], bool]
    generator: np.random.Generator


class Algorithm(Protocol):
    """Proposes vectors and hears how good they are. It never proposes an infeasible one."""

    def ask(self) -> Tokens | None:
        """The next vector to evaluate, or None when it has no more to propose."""

    def tell(self, tokens: Tokens, reward: float) -> None:
        """How good the vector last asked for is; more is better."""


AlgorithmFactory = Callable[[Problem], Algorithm]
"""Makes an algorithm for a problem."""
