"""Which network a candidate is: decided by the settings and by the results before it alone.

Candidate ``n`` is proposed knowing the results of all candidates up to ``n - parallel``, and
of no other, whoever has evaluated them and when. So every process that works on a search
finds the same candidates by itself: none has to be asked, and none can be missed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from edgeslim.algorithms import Algorithm, Problem
from edgeslim.runs.candidates import Candidate
from edgeslim.runs.search_settings import SearchRound, SearchSettings, rounds
from edgeslim.searching.limits import Array, Limits, Mask
from edgeslim.spaces import Tokens

__all__ = ["Proposals", "Results", "ready_below"]

Results = Mapping[int, Candidate | None]
"""What is known of candidates; None where there was nothing more to propose."""


def ready_below(settings: SearchSettings, part: SearchRound, results: Results) -> int:
    """The number below which every candidate of a round can be proposed.

    Args:
        settings: Of the search.
        part: The round; all before it are done.
        results: What is known of candidates.
    """
    known = part.first
    while known < part.end and known in results:
        known += 1
    return min(known + settings.parallel, part.end)


class Proposals:
    """An algorithm that hears results in the order of the candidates.

    Args:
        settings: Of the search.
        algorithm: Makes the algorithm.
        limits_of: The limits of a round, once those before are done: after devices were
            asked they may be narrower or wider.
    """

    def __init__(
        self,
        settings: SearchSettings,
        algorithm: Callable[[Problem], Algorithm],
        limits_of: Callable[[SearchRound], Limits],
    ) -> None:
        self._settings = settings
        self._limits_of = limits_of
        self._coming = rounds(settings)
        self._round = next(self._coming)
        self._limits = limits_of(self._round)
        self._proposed: list[Tokens | None] = []
        self._told = 0
        self._algorithm = algorithm(
            Problem(
                ranges=self._limits.space.ranges,
                start=settings.starts[0],
                feasible=self._hold,
                costs=self._costs,
                generator=np.random.default_rng(settings.seed),
            )
        )

    def tokens(self, number: int, results: Results) -> Tokens | None:
        """The network that a candidate is; None if there is no more to propose.

        Args:
            number: Below what `ready_below` says.
            results: What is known of candidates.
        """
        while len(self._proposed) <= number:
            coming = len(self._proposed)
            if coming == self._round.end:
                self._hear(coming, results)
                self._round = next(self._coming)
                self._limits = self._limits_of(self._round)
            self._hear(coming - self._settings.parallel + 1, results)
            starts = self._settings.starts
            is_start = coming < len(starts)
            self._proposed.append(starts[coming] if is_start else self._algorithm.ask())
        return self._proposed[number]

    def _hold(self, population: Sequence[Tokens]) -> Mask:
        return self._limits.hold(population)

    def _costs(self, population: Sequence[Tokens]) -> Array:
        return self._limits.costs(population)

    def _hear(self, below: int, results: Results) -> None:
        """Tells the algorithm the results below a number that it has not heard."""
        while self._told < below:
            result = results[self._told]
            if result is not None:
                # What was evaluated, should that ever be something else than what was proposed.
                self._algorithm.tell(result.tokens, result.accuracy)
            self._told += 1
