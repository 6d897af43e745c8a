"""The next step of a search: a pure function of the results, the same in every process.

All candidates of a round are evaluated. Then the best are measured, a few at once, until one
meets every limit on its devices. If none of them does, the measurements refine the predictions,
and the next round goes on with better limits. Where several finalists are asked for, as many that
meet their limits are trained by themselves, and the most accurate wins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgeslim.runs.candidates import Candidate
from edgeslim.runs.search_settings import SearchRound, SearchSettings, rounds
from edgeslim.searching.limits import SearchLimits
from edgeslim.searching.proposals import Results

__all__ = ["Evaluate", "Finish", "Measure", "Step", "Train", "meets_limits", "next_step"]

_AT_ONCE = 3
_AT_MOST = 12
"""Networks that are measured at once, and in one round."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluate:
    """Step: evaluate the candidates of a round."""

    part: SearchRound


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """Step: measure candidates on the devices.

    Args:
        part: The round at whose end they are measured.
        candidates: Numbers of the candidates.
    """

    part: SearchRound
    candidates: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Train:
    """Step: train finalists by themselves.

    Args:
        candidates: Numbers of the finalists.
    """

    candidates: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finish:
    """Step: nothing is left to do.

    Args:
        winner: The best candidate that meets every limit; None if none of those measured does.
    """

    winner: Candidate | None


Step = Evaluate | Measure | Train | Finish


def next_step(
    settings: SearchSettings,
    results: Results,
    limits_of: Callable[[SearchRound], SearchLimits],
) -> Step:
    """The next step of a search.

    Args:
        settings: Settings of the search.
        results: Results of candidates, by their numbers.
        limits_of: Gives the limits of a round, once the rounds before are done.
    """
    measurable = [target.measurable for target in settings.targets]
    for part in rounds(settings):
        if any(number not in results for number in range(part.first, part.end)):
            return Evaluate(part=part)
        known = [result for n in range(part.end) if (result := results[n]) is not None]
        ranked = sorted(
            (candidate for candidate in known if not candidate.failed),
            key=lambda candidate: (-candidate.accuracy, candidate.predicted_ms),
        )
        believed = _plausible_candidates(ranked, part, limits_of)
        unmeasured, found = _find_finalists(settings, believed, measurable)
        enough = len(found) == settings.finalists
        most = _AT_MOST * (part.number + 1) + settings.finalists - 1
        allowed = sum(candidate.is_measured for candidate in known) < most
        if unmeasured and (allowed or enough):
            return Measure(part=part, candidates=tuple(unmeasured[:_AT_ONCE]))
        if found:
            return _last_step(settings, found)
    return Finish(winner=None)


def meets_limits(settings: SearchSettings, candidate: Candidate) -> bool:
    """Whether a candidate is within each latency limit, as measured where it was measured."""
    return all(
        latency_ms <= target.target_ms
        for latency_ms, target in zip(candidate.latencies_ms, settings.targets, strict=True)
    )


def _plausible_candidates(
    ranked: Sequence[Candidate], part: SearchRound, limits_of: Callable[[SearchRound], SearchLimits]
) -> list[Candidate]:
    """All candidates, but in later rounds no unmeasured ones that refined limits exclude."""
    if part.number == 0:
        return list(ranked)
    hold = limits_of(part).are_met([candidate.tokens for candidate in ranked])
    return [
        candidate
        for candidate, good in zip(ranked, hold, strict=True)
        if good or candidate.is_measured
    ]


def _find_finalists(
    settings: SearchSettings, ranked: Sequence[Candidate], measurable: Sequence[bool]
) -> tuple[list[int], list[Candidate]]:
    """Numbers of the candidates to be measured still, and the first ones that meet the limits."""
    unmeasured: list[int] = []
    found: list[Candidate] = []
    for candidate in ranked:
        if any(_is_same_network(candidate, other) for other in found):
            continue
        if _lacks_measurement(candidate, measurable):
            unmeasured.append(candidate.number)
        elif meets_limits(settings, candidate):
            found.append(candidate)
            if len(found) == settings.finalists:
                break
    return unmeasured, found


def _is_same_network(one: Candidate, other: Candidate) -> bool:
    """Whether two candidates are one network, possibly under different tokens.

    Networks of the same operators have exactly the same prediction and accuracy; where no
    latency is predicted, only their tokens are compared.
    """
    if one.tokens == other.tokens or not one.predicted_ms:
        return one.tokens == other.tokens
    return (one.accuracy, one.predicted_ms) == (other.accuracy, other.predicted_ms)


def _last_step(settings: SearchSettings, found: Sequence[Candidate]) -> Train | Finish:
    """Trains several finalists; a single one has won already."""
    if settings.finalists == 1:
        return Finish(winner=found[0])
    waiting = tuple(candidate.number for candidate in found if candidate.final_accuracy is None)
    if waiting:
        return Train(candidates=waiting)
    return Finish(winner=max(found, key=lambda candidate: candidate.final_accuracy or 0.0))


def _lacks_measurement(candidate: Candidate, measurable: Sequence[bool]) -> bool:
    """Whether a device that can measure has not run the candidate yet."""
    took = candidate.measured_ms or (None,) * len(measurable)
    return any(can and latency_ms is None for can, latency_ms in zip(measurable, took, strict=True))
