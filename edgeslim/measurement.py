"""Measurements: every sample, their spread and stability, and the cache state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import msgspec
import numpy as np

__all__ = ["HOT", "CacheState", "Measurement"]

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


class Measurement(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Timed runs of one model in one cache state.

    Args:
        samples_ns: Every timed run in nanoseconds, in order.
        cache: State of the caches before each.
        warmup: Runs before the first timed one.
    """

    samples_ns: tuple[int, ...]
    cache: CacheState = HOT
    warmup: int = 0

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
        """Relative half-width of the middle half of the samples, a robust deviation."""
        low, high = np.quantile(self.samples_ns, [0.25, 0.75])
        return float((high - low) / 2 / np.median(self.samples_ns))

    @property
    def standard_error(self) -> float:
        """Relative standard error of the median, for normal noise of this spread.

        1.4826 turns the median absolute deviation into a standard deviation, and the
        median's error is sqrt(pi / 2) times the mean's.
        """
        factor = 1.4826 * math.sqrt(math.pi / 2)
        return factor * self.spread / math.sqrt(len(self.samples_ns))

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
        )
