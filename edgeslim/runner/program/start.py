"""How a model starts: the time of loading, that of its first run, and the memory that it takes."""

from __future__ import annotations

import time
from typing import Dict

_STATUS = "/proc/self/status"
_CLEAR = "/proc/self/clear_refs"
_RESET_PEAK = "5"


class Start:
    """Watches a model from before it is loaded until it has run once."""

    def __init__(self) -> None:
        try:
            with open(_CLEAR, "w") as stream:
                stream.write(_RESET_PEAK)
        except OSError:
            pass  # the peak is then that of the process
        self._before_kb = _memory_kb("VmRSS")
        self._began = self._loaded = self._fed = time.perf_counter_ns()

    def note_loaded(self) -> None:
        """Notes that the model is loaded."""
        self._loaded = time.perf_counter_ns()

    def note_fed(self) -> None:
        """Notes that it has its inputs, so that its first run begins."""
        self._fed = time.perf_counter_ns()

    def summarize(self) -> Dict[str, int]:
        """What is said of a model that has run once; 0 is not known."""
        first_run_ns = time.perf_counter_ns() - self._fed
        peak_kb = _memory_kb("VmHWM")
        return {
            "load_ns": self._loaded - self._began,
            "first_run_ns": first_run_ns,
            "memory_kb": max(0, peak_kb - self._before_kb) if self._before_kb else 0,
        }


def _memory_kb(name: str) -> int:
    try:
        with open(_STATUS) as stream:
            for line in stream:
                if line.startswith(name + ":"):
                    return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return 0
