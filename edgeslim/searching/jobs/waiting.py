"""Waiting for other processes without too many queries."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from edgeslim.searching.jobs.workers import GOLDEN_RATIO, process_fraction

__all__ = ["wait_for_change"]


def wait_for_change(
    changed: Callable[[], bool],
    *,
    first_s: float = 0.2,
    longest_s: float = 5.0,
    timeout_s: float = math.inf,
) -> bool:
    """Checks at growing intervals whether something has changed.

    Pauses grow by half each time and are spread, so that fifty workers do not ask at once.

    Args:
        changed: Says whether something has changed.
        first_s: Length of the first pause, in seconds.
        longest_s: Length of the longest pause, in seconds.
        timeout_s: Seconds after which it gives up.

    Returns:
        Whether it has changed; False when the time is over.
    """
    deadline = time.monotonic() + timeout_s
    pause_s = first_s
    spread = process_fraction()
    while not changed():
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            return False
        spread = (spread + GOLDEN_RATIO) % 1
        time.sleep(min(pause_s * (0.75 + spread / 2), left_s))
        pause_s = min(1.5 * pause_s, longest_s)
    return True
