"""What each operator of a network takes inside it, from the latencies of the network's parts.

Two kinds of observation say the same: the difference of two parts that were timed within moments,
which is exact but for the noise of those moments, and the latency of each part by itself, which
keeps errors of differences from adding up. Each is averaged over the rounds without its extremes,
weighted by how much it varies between rounds, and no operator takes less than nothing (weighted
least squares with that condition; Lawson and Hanson, "Solving Least Squares Problems", 1974).
Intervals are those of Student's t over rounds that are drawn again from those that were made
(the bootstrap; Efron, 1979).
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from edgeslim.measuring.prefix_rounds import PrefixRounds, Times

__all__ = ["LEVEL", "InsideTime", "InsideTimes", "estimate_inside"]

LEVEL = 0.9
"""Confidence level of all intervals."""

_TRIMMED = 0.25
"""Share of the rounds that is left out at either end: a burst of noise only ever adds."""
_DRAWS = 100
_SMALLEST_SHARE = 1e-4
"""Least standard error of an observation, as a share of the network, lest few equal rounds seem
to be certain."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InsideTime:
    """What neighbouring operators, mostly a single one, take in their network.

    Args:
        first, last: Places of the first and the last of them in the network, from 0.
        latency_ms: What they take together in one run of the network.
        interval_ms: 90 % interval of that.
    """

    first: int
    last: int
    latency_ms: float
    interval_ms: tuple[float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class InsideTimes:
    """What all operators of a network take in it.

    Args:
        operators: Times in the order they run.
        whole_ms: What the whole network took in the same rounds, as it was deployed.
        whole_interval_ms: 90 % interval of that.
    """

    operators: tuple[InsideTime, ...]
    whole_ms: float
    whole_interval_ms: tuple[float, float]

    @property
    def sum_ms(self) -> float:
        """What all operators take together."""
        return sum(own.latency_ms for own in self.operators)


def estimate_inside(rounds: PrefixRounds) -> InsideTimes:
    """Estimates what the operators between two cuts take.

    Cuts that no round could time are left out: their operators are told apart from the next ones
    no longer.
    """
    timed = np.isfinite(rounds.levels_ms).any(axis=0)
    cuts = [cut for cut, good in zip(rounds.cuts, timed, strict=True) if good]
    levels = rounds.levels_ms[:, timed]
    steps = _steps(rounds, timed)
    speeds = _speeds(levels)
    wholes = rounds.wholes_ms / speeds[:, None]
    fit = _Fit(np.hstack([steps, levels]) / speeds[:, None])
    best = fit.times()
    made = len(speeds)
    # Drawing again makes the spread of so few look smaller than it is.
    from scipy import stats  # slow to import

    widen = math.sqrt(made / (made - 1)) * float(stats.t.ppf(0.5 + LEVEL / 2, made - 1))
    random = np.random.default_rng(0)
    draws = [random.integers(0, made, made) for _ in range(_DRAWS)]
    halves = widen * np.std([fit.times_of(chosen) for chosen in draws], axis=0)
    half = widen * float(
        np.std([_trimmed_mean(wholes[chosen].reshape(-1, 1))[0] for chosen in draws])
    )
    whole = float(_trimmed_mean(wholes.reshape(-1, 1))[0])
    firsts = [0, *cuts[:-1]]
    return InsideTimes(
        operators=tuple(
            InsideTime(
                first=first,
                last=cut - 1,
                latency_ms=float(value),
                interval_ms=(max(0.0, float(value - width)), float(value + width)),
            )
            for first, cut, value, width in zip(firsts, cuts, best, halves, strict=True)
        ),
        whole_ms=whole,
        whole_interval_ms=(whole - half, whole + half),
    )


def _steps(rounds: PrefixRounds, timed: np.ndarray[Any, Any]) -> Times:
    """Differences of neighbouring cuts among those that could be timed."""
    steps = rounds.steps_ms[:, timed]
    places = np.flatnonzero(timed)
    for column, (before, place) in enumerate(pairwise(places), 1):
        if place - before > 1:
            steps[:, column] = rounds.levels_ms[:, place] - rounds.levels_ms[:, before]
    return steps


def _speeds(levels: Times) -> Times:
    """How many times as long as usual everything took in each round."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of cuts that a round lacks
        ratios = np.nanmedian(levels / np.nanmedian(levels, axis=0), axis=1)
    return np.asarray(np.where(np.isfinite(ratios), ratios, 1.0), dtype=np.float64)


class _Fit:
    """Least squares of the operators between cuts, with the same weights for all draws.

    Args:
        observed: Differences and then latencies of the parts, rounds x twice the cuts.
    """

    def __init__(self, observed: Times) -> None:
        count = observed.shape[1] // 2
        self._observed = observed
        smallest = _SMALLEST_SHARE * float(np.nanmax(observed))
        self._errors = _errors(observed, smallest)
        parts = np.vstack([np.eye(count), np.tril(np.ones((count, count)))])
        self._matrix = parts / self._errors[:, None]
        self._inverse = np.linalg.pinv(self._matrix)
        self._means = self._scaled_means(observed, np.zeros(2 * count))

    def times(self) -> Times:
        """Times that fit all rounds, none of them below zero."""
        from scipy import optimize  # slow to import

        return np.asarray(optimize.nnls(self._matrix, self._means)[0])

    def times_of(self, chosen: np.ndarray[Any, Any]) -> Times:
        """Times that fit some of the rounds."""
        return np.asarray(self._inverse @ self._scaled_means(self._observed[chosen], self._means))

    def _scaled_means(self, observed: Times, otherwise: Times) -> Times:
        """Mean of each column over its error; of an empty one, another value."""
        means = _trimmed_mean(observed) / self._errors
        return np.asarray(np.where(np.isfinite(means), means, otherwise))


def _trimmed_mean(values: Times) -> Times:
    """Mean of each column without its smallest and largest values; NaN of an empty one."""
    ordered = np.sort(values, axis=0)  # which puts NaN last
    known = np.isfinite(values).sum(axis=0)
    out = (_TRIMMED * known).astype(int)
    place = np.arange(len(values))[:, None]
    kept = (place >= out) & (place < known - out)
    total = np.where(kept, ordered, 0.0).sum(axis=0)
    return np.asarray(total / np.where(known > 0, kept.sum(axis=0), math.nan))


def _errors(values: Times, smallest: float) -> Times:
    """Standard error of each column's mean, from the middle half of its values.

    That of a single value is the largest of the others, and without any it is infinite.
    """
    errors = []
    for column in values.T:
        known = column[np.isfinite(column)]
        if known.size < 2:
            errors.append(math.nan if known.size else math.inf)
            continue
        low, high = np.quantile(known, [0.25, 0.75])
        errors.append(max(smallest, float(high - low) / 1.349 / math.sqrt(known.size)))
    finite = [error for error in errors if math.isfinite(error)]
    known_errors: np.ndarray[Any, Any] = np.nan_to_num(
        np.array(errors), nan=max(finite, default=1.0), posinf=math.inf
    )
    return known_errors
