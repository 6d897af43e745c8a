"""The interface of search algorithms."""

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
    """A problem of choosing token vectors with a high reward within limits.

    Both functions take whole populations, since one call takes as long for 500 vectors as for
    one. Their results may change during a search, when measurements on a device have refined the
    predictions; so they must not be cached.

    Args:
        ranges: Token ``i`` is in ``range(ranges[i])``.
        start: A vector within all limits.
        feasible: Says which vectors are within all limits, ``(vectors,)``.
        costs: Values to be minimised beside the reward, such as latency and parameters; above
            0, or nan where they are not known; ``(vectors, costs)``.
        generator: Source of all randomness.
    """

    ranges: Tokens
    start: Tokens
    feasible: Callable[[Sequence[Tokens]], NDArray[np.bool_]]
    costs: Callable[[Sequence[Tokens]], NDArray[np.float64]]
    generator: np.random.Generator


class Algorithm(Protocol):
    """Proposes vectors and learns from their rewards.

    A proposal depends on nothing but the problem and the earlier calls, in their order.
    """

    def ask(self) -> Tokens | None:
        """The next vector to evaluate; None when no more was found.

        It is within all limits as they are now, and was never returned or told before.
        """

    def tell(self, tokens: Tokens, reward: float) -> None:
        """Gives the reward of a vector; more is better.

        Rewards come in the order of the proposals, but possibly after further calls of `ask`.
        Vectors that were never proposed may be told as well: the start, or those of another search.
        """


AlgorithmFactory = Callable[[Problem], Algorithm]
"""Makes an algorithm for a problem."""
