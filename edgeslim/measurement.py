"""Measurements: every sample, their spread and stability, and the cache state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import msgspec
import numpy as np

__all__ = ["HOT", "CacheState", "Measurement", "RunSummary"]

_DEVIATIONS = 1.4826
"""Standard deviations in the half-width of the middle half, for normal noise."""
_UNSTABLE_SPREAD = 0.10
_NEGLIGIBLE_MS = 0.001


class CacheState(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """The state of the caches before each timed run.

    An operator of a network uses its weights again one whole inference later, so its latency
    depends on how much memory was touched in between.

    Args:
        swept_bytes: Memory read and written between two runs; afterwards the inputs are
            written anew, as by the preceding operator. 0 is hot: run back to back.
    """

    swept_bytes: int = 0

    def __post_init__(self) -> None:
        if self.swept_bytes < 0:
            raise ValueError(f"swept_bytes must be 0 or more, not {self.swept_bytes}")

    def __str__(self) -> str:
        return "hot" if self.swept_bytes == 0 else f"{self.swept_bytes / 2**20:g} MB swept"


HOT = CacheState()
"""Run back to back; everything that fits is cached."""


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of runs of which only a mean was kept.

    Args:
        runs: How many runs there were; at least one.
        deviation: Relative standard deviation of their latencies; 0 where it is not known.
    """

    runs: int
    deviation: float = 0.0

    def __post_init__(self) -> None:
        if self.runs < 1:
            raise ValueError(f"there must be at least 1 run, not {self.runs}")
        if not 0 <= self.deviation < math.inf:
            raise ValueError(f"a deviation must be 0 or more, not {self.deviation}")


class Measurement(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Timed runs of one model in one cache state.

    Args:
        samples_ns: Every timed run in nanoseconds, in order; of runs that somebody else
            summarised, their mean.
        cache: State of the caches before each.
        warmup: Runs before the first timed one.
        summary: What is known of the runs where the samples are means; otherwise unset.
    """

    samples_ns: tuple[int, ...]
    cache: CacheState = HOT
    warmup: int = 0
    summary: RunSummary | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        if not self.samples_ns:
            raise ValueError("a measurement needs at least one sample")
        if min(self.samples_ns) <= 0:
            raise ValueError(f"a sample must be above 0 ns, not {min(self.samples_ns)}")
        if self.warmup < 0:
            raise ValueError(f"warmup must be 0 or more, not {self.warmup}")

    @cached_property
    def latency_ms(self) -> float:
        """Median of the samples in milliseconds."""
        return float(np.median(self.samples_ns)) / 1e6

    @cached_property
    def minimum_ms(self) -> float:
        """Shortest sample in milliseconds."""
        return min(self.samples_ns) / 1e6

    @cached_property
    def p90_ms(self) -> float:
        """90th percentile of the samples in milliseconds."""
        return float(np.quantile(self.samples_ns, 0.9)) / 1e6

    @cached_property
    def spread(self) -> float:
        """Relative half-width of the middle half of the samples, a robust deviation.

        Where samples are means, the deviation of the runs behind them is added.
        """
        low, high = np.quantile(self.samples_ns, [0.25, 0.75])
        between = float((high - low) / 2 / np.median(self.samples_ns))
        if isinstance(self.summary, RunSummary):
            return math.hypot(between, self.summary.deviation / _DEVIATIONS)
        return between

    @property
    def runs(self) -> int:
        """How many runs were timed, those behind a mean included."""
        return self.summary.runs if isinstance(self.summary, RunSummary) else len(self.samples_ns)

    @property
    def standard_error(self) -> float:
        """Relative standard error of the median, for normal noise of this spread.

        1.4826 turns the median absolute deviation into a standard deviation, and the
        median's error is sqrt(pi / 2) times the mean's.
        """
        factor = _DEVIATIONS * math.sqrt(math.pi / 2)
        return factor * self.spread / math.sqrt(self.runs)

    @property
    def is_stable(self) -> bool:
        """Whether the median is reliable: the spread is below 10 %, or below a microsecond.

        Smaller variations are due to the clock's resolution and the call.
        """
        small = self.spread * self.latency_ms < _NEGLIGIBLE_MS
        return small or self.spread < _UNSTABLE_SPREAD

    @staticmethod
    def pool(parts: Sequence[Measurement]) -> Measurement:
        """Pools measurements of the same model in the same cache state.

        Raises:
            ValueError: There are none, or their cache states differ.
        """
        if not parts:
            raise ValueError("there are no measurements to pool")
        first, *rest = parts
        if any(part.cache != first.cache for part in rest):
            raise ValueError(f"cannot pool {first.cache} with other cache states")
        if not rest:
            return first
        return Measurement(
            samples_ns=tuple(sample for part in parts for sample in part.samples_ns),
            cache=first.cache,
            warmup=min(part.warmup for part in parts),
            summary=_join_summaries(parts),
        )


def _join_summaries(parts: Sequence[Measurement]) -> RunSummary | msgspec.UnsetType:
    """The summary of all runs; unset where no part has one."""
    if not any(isinstance(part.summary, RunSummary) for part in parts):
        return msgspec.UNSET
    runs = sum(part.runs for part in parts)
    variance = sum(part.runs * _variance(part) for part in parts) / runs
    return RunSummary(runs=runs, deviation=math.sqrt(variance))


def _variance(part: Measurement) -> float:
    """Relative variance of the runs behind a part's means, or of its samples."""
    if isinstance(part.summary, RunSummary):
        return part.summary.deviation**2
    return (_DEVIATIONS * part.spread) ** 2
