"""A soak: run after run with new inputs, to see whether the process grows."""

from __future__ import annotations

from typing import Any, Dict, List

from .start import memory_kb

CHECKS = 50
"""How often the memory is read, evenly over the runs."""


def soak(model: Any, runs: int, numpy: Any) -> Dict[str, Any]:
    """Runs a model with inputs that are new each time; says how its process grew.

    An input becomes a new one as its elements move on by a place each run, the last to the front:
    so they stay in the range of what was given, and indices stay valid.
    """
    sizes: List[int] = []
    checks = min(CHECKS, runs)
    done = 0
    for check in range(checks):
        until = runs * (check + 1) // checks
        while done < until:
            _move_on(model.arrays, numpy)
            model.feed()
            model.run()
            done += 1
        sizes.append(memory_kb("VmRSS"))
    known = all(sizes)
    return {
        "soak_runs": runs,
        "soak_kb": sizes if known else [],
        "soak_peak_kb": memory_kb("VmHWM"),
    }


def _move_on(arrays: List[Any], numpy: Any) -> None:
    for array in arrays:
        array[...] = numpy.roll(array, 1)
