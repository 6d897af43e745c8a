"""Waiting for others without hammering the storage."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from edgeslim.searching.jobs.workers import GOLDEN, own_share

__all__ = ["wait"]


def wait(
    changed: Callable[[], bool],
    *,
    first_s: float = 0.2,
    longest_s: float = 5.0,
    timeout_s: float = math.inf,
) -> bool:
    """Asks again and again, more and more seldom, whether something has changed.

    Pauses grow by half each time and are spread, so that fifty workers do not ask at once.

    Args:
        changed: Whether to go on.
        first_s: The first pause.
        longest_s: No pause is longer.
        timeout_s: Up to when.

    Returns:
        Whether it has changed; False when the time is over.
    """
    deadline = time.monotonic() + timeout_s
    pause_s = first_s
    spread = own_share()
    while not changed():
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            return False
        spread = (spread + GOLDEN) % 1
        time.sleep(min(pause_s * (0.75 + spread / 2), left_s))
        pause_s = min(1.5 * pause_s, longest_s)
    return True
