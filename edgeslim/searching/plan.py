"""What a search does next: a pure function of what is known, the same for whoever asks.

All candidates of a round are evaluated. Then the best are measured, a few at once, until one
meets every limit on its devices. If none of them does, what was measured has refined the
predictions, and the next round goes on with limits that hold better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgeslim.searching.candidates import Candidate
from edgeslim.searching.limits import Limits
from edgeslim.searching.proposals import Results
from edgeslim.searching.settings import Round, SearchSettings, rounds

__all__ = ["Evaluate", "Finished", "Measure", "Step", "meets", "next_step"]

_AT_ONCE = 3
_AT_MOST = 12
"""Networks that are measured at once, and in one round."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluate:
    """Candidates of a round are not evaluated yet."""

    part: Round


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """Networks are to be measured.

    Args:
        part: The round at whose end.
        candidates: Their numbers.
    """

    part: Round
    candidates: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """Nothing is left to do.

    Args:
        winner: The best candidate that meets every limit; None if none of those measured does.
    """

    winner: Candidate | None


Step = Evaluate | Measure | Finished


def next_step(
    settings: SearchSettings,
    results: Results,
    limits_of: Callable[[Round], Limits],
) -> Step:
    """The next step of a search.

    Args:
        settings: Of the search.
        results: What is known of candidates.
        limits_of: The limits of a round whose predecessors are done.
    """
    measurable = [target.measurable for target in settings.targets]
    for part in rounds(settings):
        if any(number not in results for number in range(part.first, part.end)):
            return Evaluate(part=part)
        known = [result for n in range(part.end) if (result := results[n]) is not None]
        ranked = sorted(
            (each for each in known if not each.failed),
            key=lambda each: (-each.accuracy, each.predicted_ms),
        )
        if not any(measurable):
            return Finished(winner=ranked[0] if ranked else None)
        unmeasured, winner = _contest(settings, _believed(ranked, part, limits_of), measurable)
        if winner is not None and not unmeasured:
            return Finished(winner=winner)
        allowed = _AT_MOST * (part.number + 1) - sum(each.is_measured for each in known)
        if unmeasured and (allowed > 0 or winner is not None):
            return Measure(part=part, candidates=tuple(unmeasured[:_AT_ONCE]))
    return Finished(winner=None)


def meets(settings: SearchSettings, candidate: Candidate) -> bool:
    """Whether a candidate ran within each limit where it was measured."""
    return all(
        latency_ms <= target.target_ms
        for latency_ms, target in zip(candidate.latencies_ms, settings.targets, strict=True)
    )


def _believed(
    ranked: Sequence[Candidate], part: Round, limits_of: Callable[[Round], Limits]
) -> list[Candidate]:
    """Those that were measured, and in later rounds of the rest what predictions believe in."""
    if part.number == 0:
        return list(ranked)
    hold = limits_of(part).hold([each.tokens for each in ranked])
    return [each for each, good in zip(ranked, hold, strict=True) if good or each.is_measured]


def _contest(
    settings: SearchSettings, ranked: Sequence[Candidate], measurable: Sequence[bool]
) -> tuple[list[int], Candidate | None]:
    """The first candidate that meets its limits, and those before it that may yet do."""
    unmeasured: list[int] = []
    for each in ranked:
        if _lacks(each, measurable):
            unmeasured.append(each.number)
        elif meets(settings, each):
            return unmeasured, each
    return unmeasured, None


def _lacks(candidate: Candidate, measurable: Sequence[bool]) -> bool:
    """Whether a device that could has not run it."""
    took = candidate.measured_ms or (None,) * len(measurable)
    return any(can and each is None for can, each in zip(measurable, took, strict=True))
