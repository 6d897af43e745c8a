"""Quantiles of latencies, with intervals that assume nothing about their distribution.

The number of samples above a limit is binomial, so order statistics bound a quantile whatever the
distribution (David and Nagaraja, "Order Statistics", 2003, section 7.1), and the share of samples
above a limit has the interval of Clopper and Pearson (Biometrika 26, 1934). Both are for samples
that know nothing of each other. Stalls come in bursts, so that many samples above a limit may be
one event; how much more their number varies from one stretch of samples to the next than that of
independent ones is their design effect (Kish, "Survey Sampling", 1965), by which the number of
samples is divided.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from edgeslim.runs.model_records import TailRecord

__all__ = ["TAILS", "needed_samples", "share_interval", "tails_of"]

TAILS = (0.9, 0.99, 0.999)
"""Quantiles that are told of every latency, where there are enough samples."""

_LEVEL = 0.95
_STRETCHES = 20
"""Stretches of samples, at least, whose counts are compared."""


def needed_samples(share: float, *, level: float = _LEVEL) -> int:
    """Fewest independent samples, all below a limit, that show a quantile to be below it.

    Args:
        share: The quantile, such as 0.99.
        level: Level of the two-sided interval.
    """
    return math.ceil(math.log((1 - level) / 2) / math.log(share))


def share_interval(
    rounds: Sequence[Sequence[bool]], *, level: float = _LEVEL
) -> tuple[float, float]:
    """The interval of the share of samples that something is true of.

    Args:
        rounds: Whether it is true of each sample, in order, round by round; at least one sample.
        level: Level of the interval.
    """
    from scipy import stats  # slow to import

    count = sum(map(len, rounds))
    hits = sum(map(sum, rounds))
    effect = _design_effect(rounds)
    found, missed, error = hits / effect, (count - hits) / effect, (1 - level) / 2
    low = float(stats.beta.ppf(error, found, missed + 1)) if hits else 0.0
    high = float(stats.beta.isf(error, found + 1, missed)) if hits < count else 1.0
    return low, high


def tails_of(
    rounds: Sequence[Sequence[int]], *, shares: Sequence[float] = TAILS
) -> tuple[TailRecord, ...]:
    """The quantiles that enough samples show.

    Args:
        rounds: Samples in nanoseconds, in order, round by round.
        shares: Quantiles that are looked for.
    """
    from scipy import stats

    ordered = np.sort(np.concatenate([np.asarray(one) for one in rounds]))
    found = []
    for share in shares:
        value = float(np.quantile(ordered, share))
        effect = _design_effect([[sample > value for sample in one] for one in rounds])
        count = math.floor(ordered.size / effect)
        error = (1 - _LEVEL) / 2
        low = float(stats.binom.ppf(error, count, share))
        high = float(stats.binom.isf(error, count, share)) + 1
        if count < needed_samples(share) or high > count:
            continue  # the interval has no upper end
        places = [math.ceil(end / count * ordered.size) - 1 for end in (low, high)]
        ends = [float(ordered[max(0, place)]) / 1e6 for place in places]
        found.append(
            TailRecord(
                share=share,
                value_ms=value / 1e6,
                interval_ms=(min(ends[0], value / 1e6), max(ends[1], value / 1e6)),
                samples=int(ordered.size),
            )
        )
    return tuple(found)


def _design_effect(rounds: Sequence[Sequence[bool]]) -> float:
    """How many times as much counts of stretches vary as those of independent samples; 1 or more.

    Stretches are of one round each, and alike in length, so that with many rounds they are no
    longer than a round.
    """
    count = sum(map(len, rounds))
    share = sum(map(sum, rounds)) / count
    length = max(1, min(count // _STRETCHES, _common_length(rounds)))
    stretches = [
        one[start : start + length]
        for one in rounds
        for start in range(0, len(one) - length + 1, length)
    ]
    if len(stretches) < 2 or not 0 < share < 1:
        return 1.0
    observed = sum((sum(some) - length * share) ** 2 for some in stretches) / (len(stretches) - 1)
    return max(1.0, observed / (length * share * (1 - share)))


def _common_length(rounds: Sequence[Sequence[bool]]) -> int:
    """The largest length that rounds with half of all samples have; a short one changes little."""
    lengths = np.sort([len(one) for one in rounds])[::-1]
    covered = np.cumsum(lengths)
    return int(lengths[np.searchsorted(covered, covered[-1] / 2)])
