"""The network of each candidate, decided only by the settings and by earlier results.

Candidate ``n`` is proposed from the results of all candidates up to ``n - parallel``, and
of no other, whichever process evaluated them and when. So every process that works on a search
finds the same candidates by itself: it need not ask others, and no candidate can be lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from edgeslim.algorithms import Algorithm, Problem
from edgeslim.runs.candidates import Candidate
from edgeslim.runs.search_settings import SearchRound, SearchSettings, rounds
from edgeslim.searching.limits import Array, Mask, SearchLimits
from edgeslim.spaces import Tokens

__all__ = ["CandidateProposals", "Results", "ready_below"]

Results = Mapping[int, Candidate | None]
"""Results of candidates by their numbers; None where there was nothing more to propose."""


def ready_below(settings: SearchSettings, part: SearchRound, results: Results) -> int:
    """The number below which every candidate of a round can be proposed.

    Args:
        settings: Settings of the search.
        part: The round; all rounds before it are done.
        results: Results of candidates, by their numbers.
    """
    known = part.first
    while known < part.end and known in results:
        known += 1
    return min(known + settings.parallel, part.end)


class CandidateProposals:
    """Networks of candidates from an algorithm that gets results in the candidates' order.

    Args:
        settings: Settings of the search.
        algorithm: Makes the algorithm for a problem.
        limits_of: Gives the limits of a round, once the rounds before are done: measurements
            may have made them narrower or wider.
    """

    def __init__(
        self,
        settings: SearchSettings,
        algorithm: Callable[[Problem], Algorithm],
        limits_of: Callable[[SearchRound], SearchLimits],
    ) -> None:
        self._settings = settings
        self._limits_of = limits_of
        self._rounds_to_come = rounds(settings)
        self._round = next(self._rounds_to_come)
        self._limits = limits_of(self._round)
        self._proposed: list[Tokens | None] = []
        self._told_count = 0
        self._algorithm = algorithm(
            Problem(
                ranges=self._limits.space.ranges,
                start=settings.starts[0],
                feasible=self._are_feasible,
                costs=self._costs,
                generator=np.random.default_rng(settings.seed),
            )
        )

    def tokens(self, number: int, results: Results) -> Tokens | None:
        """Tokens of a candidate; None if there is no more to propose.

        Args:
            number: Number of the candidate, below what `ready_below` says.
            results: Results of candidates, by their numbers.
        """
        while len(self._proposed) <= number:
            coming = len(self._proposed)
            if coming == self._round.end:
                self._tell_results(coming, results)
                self._round = next(self._rounds_to_come)
                self._limits = self._limits_of(self._round)
            self._tell_results(coming - self._settings.parallel + 1, results)
            starts = self._settings.starts
            is_start = coming < len(starts)
            self._proposed.append(starts[coming] if is_start else self._algorithm.ask())
        return self._proposed[number]

    def _are_feasible(self, population: Sequence[Tokens]) -> Mask:
        return self._limits.are_met(population)

    def _costs(self, population: Sequence[Tokens]) -> Array:
        return self._limits.costs(population)

    def _tell_results(self, below: int, results: Results) -> None:
        """Gives the algorithm the results below a number that it has not got yet."""
        while self._told_count < below:
            result = results[self._told_count]
            if result is not None:
                # The tokens that were evaluated, should they ever differ from the proposal.
                self._algorithm.tell(result.tokens, result.accuracy)
            self._told_count += 1
