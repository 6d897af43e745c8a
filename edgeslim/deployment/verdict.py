"""Whether a limit holds: PASS, FAIL, or INCONCLUSIVE with what would decide it.

A limit is decided when the interval of what was measured is on one side of it. Everything here is
pure: numbers in, a `Judgement` out.

- **Error.** All looks at the same limit together are wrong in at most one of a hundred cases: the
  share of errors that the *n*-th look may use up is ``0.01 / (n (n + 1))``, and these add up to
  0.01 however often one looks. Without that, measuring until a limit is decided would decide it
  wrongly sooner or later, since every look is another chance to be wrong.
- **What is typical** (a latency, a load, a memory, a ratio) is judged by one number for each
  process with Student's t for trimmed means (`edgeslim.deployment.statistics`).
- **A quantile** (p99 below 25 ms) is judged by the share of runs that take longer: it has to be
  below 1 %, and is binomial whatever the latencies are distributed like. Runs that are slow
  together count as fewer (`edgeslim.deployment.quantiles`).
- **Others.** What other programs do makes a run longer and never shorter. So a disturbed device
  can pass a limit, but not fail it: a run that was interrupted is no evidence against a model, and
  where everything was disturbed, a missed limit is INCONCLUSIVE.
- **Growth** over many runs is judged by how much memory grew from one tenth of the runs to the
  next, the first fifth left out, in which a process settles.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from edgeslim.deployment.quantiles import needed_samples, share_interval
from edgeslim.deployment.statistics import Estimate, confidence_interval
from edgeslim.sizes import COUNTED_MB

__all__ = [
    "Judgement",
    "LimitVerdict",
    "Runs",
    "estimate_growth",
    "judge_growth",
    "judge_quantile",
    "judge_typical",
    "level_of_look",
]

_ERROR = 0.01
"""Share of limits that are decided wrongly, at most, over all looks."""
_SETTLING = 0.2
"""Share of a soak's checks, the first, in which a process still settles."""
_STRETCHES, _FEWEST_STRETCHES = 10, 4
"""Stretches of a soak whose mean sizes are compared."""
_QUIET = "a device on which nothing else runs"
_AS_LARGE = "another limit, or more time: what is measured is as large as the limit"


class LimitVerdict(str, Enum):
    """Whether a limit holds."""

    PASS = "PASS"  # noqa: S105 - no password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """Whether one limit holds, by what was measured so far.

    Args:
        verdict: Whether it holds, or that this is not decided.
        interval: Interval that decides, in the unit of the limit; of a quantile, the share of runs
            that take longer.
        why: Why it is not decided; empty if it is.
        decides: What would decide it; empty if it is.
    """

    verdict: LimitVerdict
    interval: tuple[float, float]
    why: str = ""
    decides: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Runs:
    """Timed runs of one process, in order.

    Args:
        samples_ms: Latency of each in ms.
        interrupted: Places of those that other programs interrupted.
    """

    samples_ms: Sequence[float]
    interrupted: Sequence[int] = ()


def level_of_look(look: int) -> float:
    """Level of the intervals at the *n*-th look at the same limits, from 1."""
    return 1 - _ERROR / (look * (look + 1))


def judge_typical(
    found: Estimate,
    limit: float,
    *,
    look: int = 1,
    at_least: bool = False,
    is_disturbed: bool = False,
    within: float = 0.0,
    values: Sequence[float] = (),
    of: str = "rounds",
) -> Judgement:
    """Judges what is typical of many processes or rounds.

    Args:
        found: The estimate, with one number for each process.
        limit: The limit, in the same unit.
        look: Number of the look at this limit, from 1.
        at_least: Whether it has to be at least the limit, as a speed-up has; else at most.
        is_disturbed: Whether other programs disturbed all of it, and so only made it larger.
        within: How far a number may be off by itself, in the unit of the limit.
        values: The numbers themselves, for times: one that waited long widens the interval of an
            estimate, and not that of the median by ranks. Of both, each with half of the error,
            the narrower end counts; where they have nothing in common, that of the median.
        of: What gives one number each, in the plural.
    """
    level = level_of_look(look)
    low, high = confidence_interval(found, (1 + level) / 2 if values else level)
    if values:
        lowest, highest = _median_interval(values, (1 + level) / 2)
        # A mean and a median may differ, as where starts are of two kinds; then the median counts.
        is_common = max(low, lowest) <= min(high, highest)
        low, high = (max(low, lowest), min(high, highest)) if is_common else (lowest, highest)
    low, high = max(0.0, low - within), high + within
    interval = low, high
    if (low >= limit) if at_least else (high <= limit):
        return Judgement(verdict=LimitVerdict.PASS, interval=interval)
    if (high < limit) if at_least else (low > limit):
        if not is_disturbed:
            return Judgement(verdict=LimitVerdict.FAIL, interval=interval)
        return _leave_undecided(
            interval, "other programs disturbed all of it, and made it longer", _QUIET
        )
    if found.rounds < 2:
        return _leave_undecided(interval, "one process has no interval", "two processes or more")
    if is_disturbed:
        why = "the limit is inside the interval, and other programs disturbed all of it"
        return _leave_undecided(interval, why, _QUIET)
    decides = _decides_typical(found, limit, high, within, of)
    return _leave_undecided(interval, "the limit is inside the interval", decides)


def _median_interval(values: Sequence[float], level: float) -> tuple[float, float]:
    """The interval of a median by ranks, whatever the distribution; open with too few values."""
    from scipy import stats

    ordered = sorted(values)
    # As many values at each end are outside as fewer than half of all would be by chance.
    outside = int(stats.binom.ppf((1 - level) / 2, len(ordered), 0.5)) - 1
    if outside < 0:
        return 0.0, math.inf
    return ordered[outside], ordered[-1 - outside]


def _decides_typical(found: Estimate, limit: float, high: float, within: float, of: str) -> str:
    """What would decide a limit that is inside the interval, whose upper end is given."""
    if within and abs(limit - found.value) <= within:
        return "another limit: this is as large as the limit, as far as can be measured"
    # What a number may be off by itself does not shrink with more of them.
    nearest = limit - within if limit > found.value else limit + within
    needed = _needed_count(found, nearest, high - within)
    return f"about {needed} {of}" if needed else _AS_LARGE


def _needed_count(found: Estimate, limit: float, high: float) -> int | None:
    """How many processes or rounds would decide it, if they vary as these; None if too many."""
    distance = abs(math.log(limit / found.value)) if found.value > 0 else 0.0
    half = math.log(high / found.value) if found.value > 0 else math.inf
    if distance < 0.002 or not math.isfinite(half):
        return None
    return math.ceil(found.rounds * max(1.2, (half / distance) ** 2))


def judge_quantile(
    runs: Sequence[Runs],
    share: float,
    limit_ms: float,
    *,
    look: int = 1,
    is_disturbed: bool = False,
) -> Judgement:
    """Judges whether a share of all runs takes at most as long as a limit.

    Args:
        runs: The runs of each process; at least one run.
        share: Share of the runs that have to be within the limit, such as 0.99.
        limit_ms: The limit in ms.
        look: Number of the look at this limit, from 1.
        is_disturbed: Whether other programs disturbed all processes.
    """
    level, allowed = level_of_look(look), 1 - share
    over = [[sample > limit_ms for sample in own.samples_ms] for own in runs]
    low, high = share_interval(over, level=level)
    if high <= allowed:
        return Judgement(verdict=LimitVerdict.PASS, interval=(low, high))
    surely = [_without(own.interrupted, flags) for own, flags in zip(runs, over, strict=True)]
    low = share_interval(surely, level=level)[0]
    if low > allowed and not is_disturbed:
        return Judgement(verdict=LimitVerdict.FAIL, interval=(low, high))
    count, late = sum(map(len, over)), sum(map(sum, over))
    theirs = late if is_disturbed else late - sum(map(sum, surely))
    needed = needed_samples(share, level=level)
    if count < needed or not late:
        fewest = max(needed, count + 1)
        decides = f"more than {fewest:,} runs" if late else f"{fewest:,} runs, none of them longer"
        decides += f", on {_QUIET}" if theirs else ""
        return _leave_undecided(
            (low, high), f"{count:,} runs are too few for this quantile", decides
        )
    if theirs:
        why = f"other programs interrupted {theirs} of the {late} runs that take longer"
        return _leave_undecided((low, high), why, _QUIET)
    distance = abs(late / count - allowed)
    if distance < 0.05 * allowed:
        return _leave_undecided(
            (low, high),
            "the limit is inside the interval",
            "another limit, or more time: the quantile is as large as the limit",
        )
    # The interval shrinks with the root of the number of runs.
    times = max(1.2, ((high - low) / 2 / distance) ** 2)
    why = "the limit is inside the interval"
    return _leave_undecided((low, high), why, f"about {math.ceil(count * times):,} runs")


def _without(places: Sequence[int], flags: Sequence[bool]) -> list[bool]:
    """The flags, of which those at some places are not set."""
    left_out = set(places)
    return [flag and place not in left_out for place, flag in enumerate(flags)]


@dataclass(frozen=True, kw_only=True, slots=True)
class SoakGrowth:
    """How much a process grows in each run.

    Args:
        kb: Growth of each run in kB.
        interval_kb: Interval of that growth, at the level that was asked for.
    """

    kb: float
    interval_kb: tuple[float, float]


def estimate_growth(
    sizes_kb: Sequence[float], runs: int, *, level: float = 0.95
) -> SoakGrowth | None:
    """Estimates growth from memory that was read evenly over many runs; None from too few.

    Args:
        sizes_kb: Memory of the process in KB at each check.
        runs: Runs that were made in all.
        level: Level of the interval.
    """
    settled = np.asarray(sizes_kb[int(_SETTLING * len(sizes_kb)) :], dtype=np.float64)
    length = max(1, settled.size // _STRETCHES)
    stretches = [
        settled[start : start + length] for start in range(0, settled.size - length + 1, length)
    ]
    if len(stretches) < _FEWEST_STRETCHES:
        return None
    # Of stretches rather than of single checks: what a reading is off by is in two steps.
    of_stretch = length * runs / len(sizes_kb)
    steps = np.diff([float(np.mean(stretch)) for stretch in stretches]) / of_stretch
    from scipy import stats

    middle = float(steps.mean())
    error = float(steps.std(ddof=1)) / math.sqrt(steps.size)
    half = float(stats.t.isf((1 - level) / 2, steps.size - 1)) * error
    half += 1e3 * COUNTED_MB / (of_stretch * steps.size)
    return SoakGrowth(kb=middle, interval_kb=(middle - half, middle + half))


def judge_growth(
    sizes_kb: Sequence[float], runs: int, limit_kb: float, *, look: int = 1
) -> Judgement:
    """Judges whether a process grows by at most so much in each run.

    Args:
        sizes_kb: Memory of the process in KB, read evenly over the runs.
        runs: Runs that were made in all.
        limit_kb: The limit in KB a run.
        look: Number of the look at this limit, from 1.
    """
    found = estimate_growth(sizes_kb, runs, level=level_of_look(look))
    if found is None:
        return _leave_undecided((-math.inf, math.inf), "there are too few runs", "--soak 1000")
    if found.interval_kb[1] <= limit_kb:
        return Judgement(verdict=LimitVerdict.PASS, interval=found.interval_kb)
    if found.interval_kb[0] > limit_kb:
        return Judgement(verdict=LimitVerdict.FAIL, interval=found.interval_kb)
    more = f"a longer soak: --soak {4 * runs}"
    return _leave_undecided(found.interval_kb, "the limit is inside the interval", more)


def _leave_undecided(interval: tuple[float, float], why: str, decides: str) -> Judgement:
    return Judgement(verdict=LimitVerdict.INCONCLUSIVE, interval=interval, why=why, decides=decides)
