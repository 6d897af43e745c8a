"""How a model starts: the time of loading, that of its first run, and the memory that it takes."""

from __future__ import annotations

import time
from typing import Dict

_STATUS = "/proc/self/status"
_CLEAR = "/proc/self/clear_refs"
_SCHEDULED = "/proc/thread-self/schedstat"
_RESET_PEAK = "5"


class Start:
    """Watches a model from before it is loaded until it has run once.

    Args:
        is_alone: Whether the process has started for this model alone, so that its peak is that
            of the process.
    """

    def __init__(self, is_alone: bool = False) -> None:
        if not is_alone:
            _reset_peak()
        self._before_kb = memory_kb("VmRSS")
        self._loaded_kb = 0
        self._waited_ns = _waited_for_core_ns()
        self._began = self._loaded = self._fed = time.perf_counter_ns()

    def note_loaded(self) -> None:
        """Notes that the model is loaded."""
        self._loaded = time.perf_counter_ns()
        self._loaded_kb = memory_kb("VmRSS")

    def note_fed(self) -> None:
        """Notes that it has its inputs, so that its first run begins."""
        self._fed = time.perf_counter_ns()

    def summarize(self) -> Dict[str, int]:
        """What is said of a model that has run once; 0 is not known."""
        first_run_ns = time.perf_counter_ns() - self._fed
        ran_kb, peak_kb = memory_kb("VmRSS"), memory_kb("VmHWM")
        return {
            "load_ns": self._loaded - self._began,
            "first_run_ns": first_run_ns,
            "memory_kb": max(0, peak_kb - self._before_kb) if self._before_kb else 0,
            "loaded_kb": self._loaded_kb,
            "ran_kb": ran_kb,
            "peak_kb": peak_kb,
            "start_waited_ns": _waited_for_core_ns() - self._waited_ns,
        }


def memory_kb(name: str) -> int:
    """A line of what Linux says of this process, such as VmRSS, in KB; 0 is not known."""
    try:
        with open(_STATUS) as stream:
            for line in stream:
                if line.startswith(name + ":"):
                    return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return 0


def _reset_peak() -> None:
    try:
        with open(_CLEAR, "w") as stream:
            stream.write(_RESET_PEAK)
    except OSError:
        pass  # the peak is then that of the process


def _waited_for_core_ns() -> int:
    """How long this thread was ready to run and had no core so far; 0 is not known."""
    try:
        with open(_SCHEDULED) as stream:
            return int(stream.read().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
