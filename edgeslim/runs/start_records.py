"""The record of how a model starts, and of the memory that it takes.

Every start is a process of its own, as that of an app, in which nothing was before but the runner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median

import msgspec

__all__ = [
    "AloneRecord",
    "PredictedNumber",
    "PredictedStartRecord",
    "SoakRecord",
    "StartRecord",
    "StartsRecord",
]

_INTERRUPTED = 0.05
"""Share of a start without a core above which other programs disturbed it."""


class PredictedNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A number that a table predicted.

    Args:
        value: The likeliest value, in the unit of the field that it is in.
        interval: Its 90 % interval.
    """

    value: float
    interval: tuple[float, float]


class PredictedStartRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How a model starts by the table; None is not predicted.

    Args:
        memory_mb: What runtime and model take at most.
        load_ms: Time of loading with the file in the page cache.
        cold_load_ms: Time of loading with the file read from the disk.
        first_run_ms: Time of the first run.
        reason: Why the table does not predict memory or loading; empty if it does.
    """

    memory_mb: PredictedNumber | None = None
    load_ms: PredictedNumber | None = None
    cold_load_ms: PredictedNumber | None = None
    first_run_ms: PredictedNumber | None = None
    reason: str = ""


class AloneRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A process that had the runtime alone: an empty model, or none.

    Args:
        own_mb: Memory of the process before it had an engine: that of Python and NumPy, and 0 of
            the native runner, whose library is there from the beginning.
        peak_mb: Largest memory of the process in MB; 0 is not known.
    """

    own_mb: float = 0.0
    peak_mb: float = 0.0


class StartRecord(AloneRecord, frozen=True, kw_only=True):
    """One start of a model: loaded from its file and run once, in a process of its own.

    Args:
        cold: Whether the page cache had dropped the file, so that it was read from the disk.
        load_ms: Time of loading in ms.
        first_run_ms: Time of the first run in ms.
        waited_ms: Time that it had no core during both; 0 also where that is not known.
        loaded_mb: Memory of the process when the model was loaded; 0 is not known, as below.
        ran_mb: Memory after the first run.
    """

    cold: bool
    load_ms: float
    first_run_ms: float
    waited_ms: float = 0.0
    loaded_mb: float = 0.0
    ran_mb: float = 0.0

    @property
    def is_disturbed(self) -> bool:
        """Whether other programs had its core for more than a twentieth of the time."""
        return self.waited_ms > _INTERRUPTED * (self.load_ms + self.first_run_ms)

    @property
    def taken_mb(self) -> float:
        """What runtime and model take at most: the peak, less the runner's own."""
        return self.peak_mb - self.own_mb


class StartsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """All starts of a model, and of the runtime alone beside it.

    Times are medians of the starts that nothing disturbed, or of all where every one was. Memory
    is the median of all; None is not known.

    Args:
        starts: The starts in the order they were made.
        alone: Processes with the runtime alone, made between them.
        kept: Why the page cache did not drop the file, so that no start is cold; empty if it did.
    """

    starts: tuple[StartRecord, ...]
    alone: tuple[AloneRecord, ...] = ()
    kept: str = ""

    def counted_starts(self, *, cold: bool) -> tuple[StartRecord, ...]:
        """The warm or cold starts that count for times."""
        some = tuple(start for start in self.starts if start.cold is cold)
        return tuple(start for start in some if not start.is_disturbed) or some

    @property
    def load_ms(self) -> float | None:
        """Time of loading in ms with the file in the page cache."""
        return _median(start.load_ms for start in self.counted_starts(cold=False))

    @property
    def cold_load_ms(self) -> float | None:
        """Time of loading in ms with the file read from the disk."""
        return _median(start.load_ms for start in self.counted_starts(cold=True))

    @property
    def first_run_ms(self) -> float | None:
        """Time of the first run in ms, whether the file was in the page cache or not."""
        quiet = [start for start in self.starts if not start.is_disturbed]
        return _median(start.first_run_ms for start in quiet or self.starts)

    @property
    def peak_mb(self) -> float | None:
        """Largest memory of the process in MB."""
        return self._memory(lambda start: start.peak_mb)

    @property
    def loaded_mb(self) -> float | None:
        """Memory of the process when the model was loaded."""
        return self._memory(lambda start: start.loaded_mb)

    @property
    def ran_mb(self) -> float | None:
        """Memory of the process after the first run."""
        return self._memory(lambda start: start.ran_mb)

    @property
    def taken_mb(self) -> float | None:
        """What runtime and model take at most: the peak, less the runner's own."""
        return self._memory(lambda start: start.taken_mb)

    @property
    def alone_mb(self) -> float | None:
        """What the runtime takes at most without a model: its peak, less the runner's own."""
        return _median(one.peak_mb - one.own_mb for one in self.alone if one.peak_mb > 0)

    @property
    def model_mb(self) -> float | None:
        """What the model takes at most on top of the runtime alone."""
        taken, alone = self.taken_mb, self.alone_mb
        return None if taken is None or alone is None else taken - alone

    def _memory(self, get: Callable[[StartRecord], float]) -> float | None:
        return _median(get(start) for start in self.starts if start.peak_mb > 0)


class SoakRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Many runs of a model in one process, each with other inputs.

    Args:
        runs: Number of runs, without the first.
        memory_mb: Memory of the process, read evenly over the runs; empty if it is not known.
        first_peak_mb: Largest memory of the process until the first run was over.
        peak_mb: Largest memory of the process until the end.
        growth_kb: How much the process grows in each run, in kB, once it has settled; None if
            that is not known.
        growth_interval_kb: The 95 % interval of that.
    """

    runs: int
    memory_mb: tuple[float, ...] = ()
    first_peak_mb: float = 0.0
    peak_mb: float = 0.0
    growth_kb: float | None = None
    growth_interval_kb: tuple[float, float] | None = None

    @property
    def surplus_mb(self) -> float:
        """How much larger the largest memory was than that of the start."""
        return max(0.0, self.peak_mb - self.first_peak_mb)

    @property
    def grows(self) -> bool:
        """Whether the process surely grows from run to run."""
        return self.growth_interval_kb is not None and self.growth_interval_kb[0] > 0


def _median(values: Iterable[float]) -> float | None:
    listed = list(values)
    return median(listed) if listed else None
