"""The speed of the device meanwhile, and the sweep that empties its caches."""

from __future__ import annotations

import time
from typing import Any, Callable, List, Optional, Sequence

SLOW = 1.06
"""Factor over the usual best latency of the reference above which the device is disturbed."""

REMEMBERED = 64
"""Latencies of the reference from which its usual best is taken."""


def usual_best(latencies: Sequence[float]) -> float:
    """The latency that a quarter of some is below.

    The shortest of many is a rare accident on a shared processor, where the reference itself
    varies by a tenth from one moment to the next: next to it, every moment would look disturbed.
    """
    return sorted(latencies)[len(latencies) // 4]


def is_interrupted(taken_ns: int, had_ns: int) -> bool:
    """Whether a run had its core for clearly less time than it took."""
    return had_ns < 0.95 * taken_ns


def has_run_here(taken_ns: int, had_ns: int) -> bool:
    """Whether a run happened in this thread at all; those of others seem to take no core time."""
    return had_ns > 0.05 * taken_ns


class Sweep:
    """Memory that is touched to evict other data from the caches.

    Half of it is written and half only read, as in a network, where activations are
    written and weights are not: evicting data costs more if it was written.
    """

    def __init__(self, numpy: Any) -> None:
        self._numpy = numpy
        self._memory = numpy.ones(0, numpy.uint64)

    def __call__(self, size: int) -> None:
        count = size // 8
        if self._memory.size < count:
            self._memory = self._numpy.ones(count, self._numpy.uint64)
        written = self._memory[: count // 2]
        self._numpy.add(written, 1, out=written)
        self._memory[count // 2 : count].max()


class Pace:
    """The speed of the device meanwhile, by a reference model that is run between all others.

    Neighbours on a shared machine, other programs and heat slow a device down in bursts of
    seconds. They show in the reference; what is timed next to a slow one is not kept as long
    as there is patience to wait for a better moment.
    """

    def __init__(
        self,
        run: Optional[Callable[[], None]],
        baseline_ns: int,
        patience_s: float,
        core_time: bool = False,
    ) -> None:
        self._run = run
        self._core_time = core_time
        self._given_ns = baseline_ns
        self._latencies_ns: List[int] = []
        self.patience_s = patience_s
        self._had_patience = patience_s > 0
        self.waited_ns = 0
        for _ in range(3 if run else 0):
            self.now()

    @property
    def is_patient(self) -> bool:
        """Whether there is a reference model, and was patience to wait for better moments."""
        return self._run is not None and self._had_patience

    def now(self) -> int:
        """Measures the nanoseconds that the reference takes now; 0 without one."""
        if self._run is None:
            return 0
        self._run()  # the caches still have the data of what ran before
        times = []
        for _ in range(5):
            work = time.thread_time_ns()
            before = time.perf_counter_ns()
            self._run()
            taken = time.perf_counter_ns() - before
            had = time.thread_time_ns() - work
            is_cut = self._core_time and is_interrupted(taken, had) and has_run_here(taken, had)
            times.append(had if is_cut else taken)
        taken = sorted(times)[2]
        self._latencies_ns = [*self._latencies_ns[1 - REMEMBERED :], taken]
        return taken

    def is_slow(self, taken_ns: int) -> bool:
        """Whether the device is disturbed when its reference takes this long."""
        own_ns = usual_best(self._latencies_ns) if self._latencies_ns else 0
        return taken_ns > SLOW * min(self._given_ns or own_ns, own_ns)

    def wait_until_settled(self) -> int:
        """Waits until the device is as fast as it is at its usual best, or no patience is left."""
        started = time.perf_counter_ns()
        taken = self.now()
        while self.is_slow(taken) and self.patience_s > 0:
            time.sleep(0.05)
            taken = self.now()
            waited = time.perf_counter_ns() - started
            self.patience_s -= waited / 1e9
            self.waited_ns += waited
            started += waited
        return taken
