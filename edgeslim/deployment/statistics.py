"""Intervals and tests for latencies, their ratios and their differences, from samples in rounds.

Samples of one process share what that process does to all of them (where its memory lies, what
others on the machine do meanwhile), so they are no independent observations: treated as such, a
thousand of them give an interval that is far too narrow (Kalibera and Jones, "Rigorous
Benchmarking in Reasonable Time", ISMM 2013). Rounds, each a process of its own, are independent;
so everything below is about one number a round, the logarithm of its median, so that ratios are
differences.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LEVEL",
    "METHOD",
    "Difference",
    "Estimate",
    "Logs",
    "confidence_interval",
    "difference",
    "discoveries",
    "estimate",
    "log_median",
    "log_shortest",
    "paired_logs",
]

LEVEL = 0.95
"""Level of all intervals and tests, unless another is given."""

_TRIMMED = 0.2
"""Share of the rounds that is trimmed at each end, where there are five or more."""

METHOD = (
    "20 % trimmed mean over rounds of the logarithm of the ratio of {}; interval for what "
    "another deployment of as many rounds would give, by Student's t with winsorized variance"
)
"""Method of a speed-up, for people; the placeholder is the statistic of a round."""

Logs = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A latency, or a ratio of two, and the interval in which another deployment would find it.

    Args:
        value: Estimated latency in ms, or ratio.
        interval: Lower and upper end; infinite for a single round.
        rounds: Number of rounds that it is estimated from.
        level: Share of other deployments that are within, in the long run.
    """

    value: float
    interval: tuple[float, float]
    rounds: int
    level: float

    @property
    def within(self) -> float:
        """Half the interval's width, relative to the value."""
        low, high = self.interval
        return (high - low) / 2 / self.value


def log_median(samples_ns: Sequence[int]) -> float:
    """The logarithm of the median of one round's samples, in ms."""
    return math.log(float(np.median(samples_ns)) / 1e6)


def estimate(logs: Sequence[float] | Logs, *, level: float = LEVEL) -> Estimate:
    """Estimates a number from its logarithms, one a round, and where the next deployment finds it.

    The estimate is the mean after a fifth of the rounds has been trimmed at each end, since a round
    that another program disturbed says nothing about a model. Its standard error is that of
    Tukey and McLaughlin ("Less vulnerable confidence and significance procedures for location
    based on a single sample", Sankhya A 25, 1963): ``s_w / ((1 - 2g/n) sqrt(n))`` with the
    winsorized standard deviation and ``n - 2g - 1`` degrees of freedom.

    The interval is not for the mean of endlessly many rounds, but for the mean that another
    deployment of as many rounds would find: its error adds to ours, so that the standard error is
    ``sqrt(2)`` times as large (a prediction interval for the mean of m = n further observations;
    Hahn and Meeker, "Statistical Intervals", 1991, section 4.8).

    Args:
        logs: One logarithm a round, at least one.
        level: Share of other deployments that should be within.

    Raises:
        ValueError: There is none, or one that is not finite.
    """
    values = np.sort(np.asarray(logs, dtype=np.float64))
    if not values.size or not np.isfinite(values).all():
        raise ValueError(f"an estimate needs rounds that are finite, not {list(logs)}")
    count, cut = values.size, int(_TRIMMED * values.size)
    middle = float(values[cut : count - cut].mean())
    if count < 2:
        return Estimate(value=math.exp(middle), interval=(0.0, math.inf), rounds=count, level=level)
    winsorized = np.clip(values, values[cut], values[count - cut - 1])
    error = float(winsorized.std(ddof=1)) / ((1 - 2 * cut / count) * math.sqrt(count))
    freedom = count - 2 * cut - 1
    from scipy import stats  # slow to import

    half = float(stats.t.ppf((1 + level) / 2, freedom)) * math.sqrt(2) * error
    return Estimate(
        value=math.exp(middle),
        interval=(math.exp(middle - half), math.exp(middle + half)),
        rounds=count,
        level=level,
    )


def confidence_interval(found: Estimate, level: float) -> tuple[float, float]:
    """The interval of what endlessly many rounds of the same session would give.

    It is narrower than that of an `Estimate`, which has the error of another deployment in it.

    Args:
        found: An estimate with its own interval.
        level: Level of the interval.
    """
    freedom = found.rounds - 2 * int(_TRIMMED * found.rounds) - 1
    if freedom < 1:
        return 0.0, math.inf
    from scipy import stats

    half = math.log(found.interval[1] / found.value) / math.sqrt(2)
    half *= float(
        stats.t.isf((1 - level) / 2, freedom) / stats.t.isf((1 - found.level) / 2, freedom)
    )
    return found.value * math.exp(-half), found.value * math.exp(half)


def log_shortest(samples_ns: Sequence[int]) -> float:
    """The logarithm of the shortest of one round's samples, in ms."""
    return math.log(min(samples_ns) / 1e6)


def paired_logs(above: dict[int, float], below: dict[int, float]) -> Logs:
    """Differences of the logarithms of two models in the rounds that both have.

    What a round does to both, such as a machine that is busy for a while, cancels.

    Args:
        above: Logarithm of each round of the first model, by the round's number.
        below: Logarithm of each round of the model that is subtracted.
    """
    both = sorted(above.keys() & below.keys())
    return np.array([above[number] - below[number] for number in both], dtype=np.float64)


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """Two sets of rounds beside each other.

    Args:
        ratio: The second over the first.
        interval: Lower and upper end of the ratio.
        p_value: Probability of a difference as large where there is none.
        level: Level of the interval and of the verdict.
        margin: Relative difference below which two are called the same, whatever the test says.
        counts: Number of rounds of each set.
    """

    ratio: float
    interval: tuple[float, float]
    p_value: float
    level: float
    margin: float
    counts: tuple[int, int]

    @property
    def verdict(self) -> str:
        """``slower``, ``faster`` or ``no difference``: the second compared with the first."""
        shift = math.log(self.ratio)
        if self.p_value > 1 - self.level or abs(shift) <= math.log1p(self.margin):
            return "no difference"
        return "slower" if shift > 0 else "faster"


def difference(
    first: Sequence[float] | Logs,
    second: Sequence[float] | Logs,
    *,
    level: float = LEVEL,
    margin: float = 0.0,
) -> Difference:
    """A rank test of whether two sets of rounds differ, and by what factor.

    Mann and Whitney's test of round medians (Annals of Mathematical Statistics 18, 1947), exact
    where there are no ties, and the shift that goes with it: the median of all pairwise
    differences, with the interval of all shifts that the test would not reject (Hodges and
    Lehmann, "Estimates of location based on rank tests", 1963; Hollander, Wolfe and Chicken,
    "Nonparametric Statistical Methods", section 4.3). It assumes nothing about the distribution of
    the noise except that rounds are independent, and a round that was disturbed counts no more than
    one that is a little slow. Exchanged, the two give the inverse ratio and the same verdict.

    Args:
        first: One logarithm a round.
        second: One logarithm a round, of the other set.
        level: One minus the share of false alarms.
        margin: Relative differences up to it are called none: so much the same kernels differ from
            day to day, which no test within two deployments can see.

    Raises:
        ValueError: One of them is empty.
    """
    one, other = (np.asarray(logs, dtype=np.float64) for logs in (first, second))
    if not one.size or not other.size:
        raise ValueError("a difference needs rounds of both")
    shifts = np.sort((other[:, None] - one[None, :]).ravel())
    from scipy import stats

    p_value = float(stats.mannwhitneyu(other, one, alternative="two-sided").pvalue)
    outside = _outside(one.size, other.size, level)
    if outside < 0:
        low, high = -math.inf, math.inf
    else:
        low, high = float(shifts[outside]), float(shifts[shifts.size - 1 - outside])
    return Difference(
        ratio=math.exp(float(np.median(shifts))),
        interval=(math.exp(low), math.exp(high)),
        p_value=min(1.0, p_value),
        level=level,
        margin=margin,
        counts=(one.size, other.size),
    )


def _outside(one: int, other: int, level: float) -> int:
    """How many shifts the test rejects at each end; below 0 if it can reject none.

    With the statistic's normal approximation and its correction for continuity, rounded so that
    the interval is never too narrow.
    """
    centre = one * other / 2
    spread = math.sqrt(one * other * (one + other + 1) / 12)
    from scipy import stats

    return math.floor(centre - 0.5 - float(stats.norm.ppf((1 + level) / 2)) * spread)


def discoveries(p_values: Sequence[float], *, level: float = LEVEL) -> tuple[bool, ...]:
    """Which of many tests are discoveries, at most ``1 - level`` of which are false alarms.

    Benjamini and Hochberg, "Controlling the false discovery rate", Journal of the Royal
    Statistical Society B 57, 1995.
    """
    from scipy import stats

    return tuple((stats.false_discovery_control(p_values) <= 1 - level).tolist())
