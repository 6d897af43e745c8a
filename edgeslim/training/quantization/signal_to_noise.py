"""How much of a signal is noise, in decibels. Pure NumPy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MOST_DB", "NoisePower", "signal_to_noise_db"]

MOST_DB = 160.0
"""What stands for no noise at all: more than numbers of 32 bits can show."""


class NoisePower:
    """Sums of squares of a signal and of its noise, batch by batch."""

    def __init__(self) -> None:
        self._signal = 0.0
        self._noise = 0.0

    def add(self, wanted: NDArray[Any], got: NDArray[Any]) -> None:
        """Counts the values of a batch: what they should be, and what they are."""
        self._signal += float(np.sum(np.square(wanted, dtype=np.float64)))
        self._noise += float(np.sum(np.square(np.subtract(wanted, got, dtype=np.float64))))

    @property
    def decibels(self) -> float:
        """Ten times the logarithm of signal over noise; of nothing but zeros it is the most."""
        if self._noise <= 0:
            return MOST_DB
        if self._signal <= 0:
            return -MOST_DB
        return float(np.clip(10 * math.log10(self._signal / self._noise), -MOST_DB, MOST_DB))


def signal_to_noise_db(wanted: Sequence[NDArray[Any]], got: Sequence[NDArray[Any]]) -> float:
    """The ratio of signal and noise of all outputs of a network; the worst of them counts.

    Args:
        wanted: What the outputs should be.
        got: What they are, in the same order.
    """
    found = []
    for right, value in zip(wanted, got, strict=True):
        power = NoisePower()
        power.add(right, value)
        found.append(power.decibels)
    return min(found)
