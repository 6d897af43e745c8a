"""What every search algorithm can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgeslim.spaces import Tokens

__all__ = ["Algorithm", "AlgorithmFactory", "Problem"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What is searched.

    Both functions take whole populations, for one call takes as long for 500 vectors as for
    one. Their answers may change during a search, when a device was measured and the
    predictions became better; so nobody keeps them.

    Args:
        ranges: Token ``i`` is in ``range(ranges[i])``.
        start: A vector within all limits.
        feasible: Which vectors are within all limits, ``(vectors,)``.
        costs: What should be small where the reward should be large, such as latency and
            parameters; above nought, or nan where it is not known; ``(vectors, costs)``.
        generator: Source of all randomness.
    """

    ranges: Tokens
    start: Tokens
    feasible: Callable[[Sequence[Tokens]], NDArray[np.bool_]]
    costs: Callable[[Sequence[Tokens]], NDArray[np.float64]]
    generator: np.random.Generator


class Algorithm(Protocol):
    """Proposes vectors and hears how good they are.

    What it proposes depends on nothing but the problem and the calls so far, in their order.
    """

    def ask(self) -> Tokens | None:
        """The next vector to evaluate; None when nothing more was found nearby.

        It is within all limits as they are now, and was never asked for or told of before.
        """

    def tell(self, tokens: Tokens, reward: float) -> None:
        """How good a vector is; more is better.

        In the order of asking, but perhaps after further asks. Vectors that were never asked
        for may be told of as well: the start, those of another search.
        """


AlgorithmFactory = Callable[[Problem], Algorithm]
"""Makes an algorithm for a problem."""
