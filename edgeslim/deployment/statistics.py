"""How sure a latency, a ratio of two and a difference of two are, from samples in rounds.

Samples of one process share what that process does to all of them (where its memory lies, what
others on the machine do meanwhile), so they are no independent witnesses: taken for such, a
thousand of them make an interval that is far too narrow (Kalibera and Jones, "Rigorous
Benchmarking in Reasonable Time", ISMM 2013). What is independent here is a round, a process of
its own; so everything below is about one number a round, the logarithm of its median, of which
ratios are differences.
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
    "believable",
    "difference",
    "estimate",
    "log_median",
    "log_shortest",
    "paired_logs",
]

LEVEL = 0.95
"""Of all intervals and tests, unless told otherwise."""

_TRIMMED = 0.2
"""Share of the rounds that is left out at each end, where there are five or more."""

METHOD = (
    "20 % trimmed mean over rounds of the logarithm of the ratio of {}; interval for what "
    "another deployment of as many rounds would give, by Student's t with winsorized variance"
)
"""Of a speed-up, with what of each round the ratio is of."""

Logs = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A latency, or a ratio of two, and where another deployment would find it.

    Args:
        value: The estimate.
        interval: Lower and upper end; infinite of a single round.
        rounds: How many it is over.
        level: How often another deployment is within, in the long run.
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
    """What logarithms of one number a round say of that number, and of the next deployment's.

    The mean after a fifth of the rounds has been left out at each end, since a round that a
    neighbour on the machine disturbed says nothing of a model. Its standard error is that of
    Tukey and McLaughlin ("Less vulnerable confidence and significance procedures for location
    based on a single sample", Sankhya A 25, 1963): ``s_w / ((1 - 2g/n) sqrt(n))`` with the
    winsorized standard deviation and ``n - 2g - 1`` degrees of freedom.

    The interval is not where the mean of endlessly many rounds is, but where another deployment
    of as many rounds would find it: its error comes to ours, so that the standard error is
    ``sqrt(2)`` times as large (a prediction interval for the mean of m = n further observations;
    Hahn and Meeker, "Statistical Intervals", 1991, section 4.8).

    Args:
        logs: One a round, at least one.
        level: How often another deployment should be within.

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


def log_shortest(samples_ns: Sequence[int]) -> float:
    """The logarithm of the shortest of one round's samples, in ms."""
    return math.log(min(samples_ns) / 1e6)


def paired_logs(above: dict[int, float], below: dict[int, float]) -> Logs:
    """Differences of the logarithms of two models in the rounds that both have.

    What a round does to both, such as a machine that is busy for a while, is not in them.

    Args:
        above: The logarithm of each round of the one, by its number.
        below: Of the other, which is taken off.
    """
    both = sorted(above.keys() & below.keys())
    return np.array([above[number] - below[number] for number in both], dtype=np.float64)


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """Two sets of rounds beside each other.

    Args:
        ratio: How many times as large the second is as the first.
        interval: Of the ratio.
        p_value: How likely a difference as large is where there is none.
        level: Of interval and verdict.
        margin: Relative difference below which two are called the same, whatever the test says.
        counts: How many rounds of each.
    """

    ratio: float
    interval: tuple[float, float]
    p_value: float
    level: float
    margin: float
    counts: tuple[int, int]

    @property
    def verdict(self) -> str:
        """``slower``, ``faster`` or ``no difference``: what the second is to the first."""
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
    differences, with the interval of all shifts that the test would not refuse (Hodges and
    Lehmann, "Estimates of location based on rank tests", 1963; Hollander, Wolfe and Chicken,
    "Nonparametric Statistical Methods", section 4.3). It takes nothing for granted of how the
    noise is distributed but that rounds are independent, and a round that was disturbed counts
    no more than one that is a little slow. Exchanged, the two give the inverse ratio and the
    same verdict.

    Args:
        first: One logarithm a round.
        second: Likewise, of what is beside it.
        level: One minus the share of false alarms.
        margin: Differences up to it are called none: that much two deployments differ by
            whatever the same kernels meet on another day, which no test within two can see.

    Raises:
        ValueError: One of them is empty.
    """
    one, other = (np.asarray(each, dtype=np.float64) for each in (first, second))
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
    """How many shifts the test refuses at each end; below 0 if it can refuse none.

    With the statistic's normal approximation and its correction for continuity, rounded so that
    the interval is never too narrow.
    """
    centre = one * other / 2
    spread = math.sqrt(one * other * (one + other + 1) / 12)
    from scipy import stats

    return math.floor(centre - 0.5 - float(stats.norm.ppf((1 + level) / 2)) * spread)


def believable(p_values: Sequence[float], *, level: float = LEVEL) -> tuple[bool, ...]:
    """Which of many tests to believe, so that of those at most ``1 - level`` are false alarms.

    Benjamini and Hochberg, "Controlling the false discovery rate", Journal of the Royal
    Statistical Society B 57, 1995: the largest ``k`` whose k-th smallest value is at most
    ``k (1 - level) / n``, and all that are no larger.
    """
    ordered = sorted(p_values)
    limit = max(
        (
            value
            for place, value in enumerate(ordered, 1)
            if value <= place * (1 - level) / len(ordered)
        ),
        default=-1.0,
    )
    return tuple(value <= limit for value in p_values)
