"""What a search does next: a pure function of what is known, the same for whoever asks.

All candidates of a round are evaluated. Then the best are measured, a few at once, until one
meets every limit on its devices. If none of them does, what was measured has refined the
predictions, and the next round goes on with limits that hold better. Where there are to be several
finalists, as many that meet their limits are trained by themselves, and the most accurate wins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgeslim.runs.candidates import Candidate
from edgeslim.runs.search_settings import SearchRound, SearchSettings, rounds
from edgeslim.searching.limits import Limits
from edgeslim.searching.proposals import Results

__all__ = ["Evaluate", "Finished", "Measure", "Step", "Train", "meets", "next_step"]

_AT_ONCE = 3
_AT_MOST = 12
"""Networks that are measured at once, and in one round."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluate:
    """Candidates of a round are not evaluated yet."""

    part: SearchRound


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """Networks are to be measured.

    Args:
        part: The round at whose end.
        candidates: Their numbers.
    """

    part: SearchRound
    candidates: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Train:
    """Finalists are to be trained by themselves.

    Args:
        candidates: Their numbers.
    """

    candidates: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """Nothing is left to do.

    Args:
        winner: The best candidate that meets every limit; None if none of those measured does.
    """

    winner: Candidate | None


Step = Evaluate | Measure | Train | Finished


def next_step(
    settings: SearchSettings,
    results: Results,
    limits_of: Callable[[SearchRound], Limits],
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
        believed = _believed(ranked, part, limits_of)
        unmeasured, found = _contest(settings, believed, measurable)
        enough = len(found) == settings.finalists
        most = _AT_MOST * (part.number + 1) + settings.finalists - 1
        allowed = sum(each.is_measured for each in known) < most
        if unmeasured and (allowed or enough):
            return Measure(part=part, candidates=tuple(unmeasured[:_AT_ONCE]))
        if found:
            return _final(settings, found)
    return Finished(winner=None)


def meets(settings: SearchSettings, candidate: Candidate) -> bool:
    """Whether a candidate ran within each limit where it was measured."""
    return all(
        latency_ms <= target.target_ms
        for latency_ms, target in zip(candidate.latencies_ms, settings.targets, strict=True)
    )


def _believed(
    ranked: Sequence[Candidate], part: SearchRound, limits_of: Callable[[SearchRound], Limits]
) -> list[Candidate]:
    """Those that were measured, and in later rounds of the rest what predictions believe in."""
    if part.number == 0:
        return list(ranked)
    hold = limits_of(part).hold([each.tokens for each in ranked])
    return [each for each, good in zip(ranked, hold, strict=True) if good or each.is_measured]


def _contest(
    settings: SearchSettings, ranked: Sequence[Candidate], measurable: Sequence[bool]
) -> tuple[list[int], list[Candidate]]:
    """The first candidates that meet their limits, and those before the last that may yet do."""
    unmeasured: list[int] = []
    found: list[Candidate] = []
    for each in ranked:
        if any(_same(each, other) for other in found):
            continue
        if _lacks(each, measurable):
            unmeasured.append(each.number)
        elif meets(settings, each):
            found.append(each)
            if len(found) == settings.finalists:
                break
    return unmeasured, found


def _same(one: Candidate, other: Candidate) -> bool:
    """Whether two are one network: by their tokens, or as tokens may say nothing of some networks.

    Networks of the same operators are predicted to take the very same, and judged alike; where
    no latency is predicted, only their tokens tell.
    """
    if one.tokens == other.tokens or not one.predicted_ms:
        return one.tokens == other.tokens
    return (one.accuracy, one.predicted_ms) == (other.accuracy, other.predicted_ms)


def _final(settings: SearchSettings, found: Sequence[Candidate]) -> Train | Finished:
    """Finalists are trained; the only one has won already."""
    if settings.finalists == 1:
        return Finished(winner=found[0])
    waiting = tuple(each.number for each in found if each.final_accuracy is None)
    if waiting:
        return Train(candidates=waiting)
    return Finished(winner=max(found, key=lambda each: each.final_accuracy or 0.0))


def _lacks(candidate: Candidate, measurable: Sequence[bool]) -> bool:
    """Whether a device that could has not run it."""
    took = candidate.measured_ms or (None,) * len(measurable)
    return any(can and each is None for can, each in zip(measurable, took, strict=True))
