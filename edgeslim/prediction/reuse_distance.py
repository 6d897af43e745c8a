"""What an operator costs inside a network, from what it costs alone.

Alone and run back to back, an operator finds its weights and buffers in the caches. In a
network they were last touched one whole inference ago, and everything that the network
touched in between may have pushed them out: the *reuse distance* (Mattson et al., 1970,
https://doi.org/10.1147/sj.92.0078). The table holds each operator's time with several
amounts of memory touched before each run, so its time in a network is read off at the
network's own distance.

The distance is a multiple of the bytes that the operators read and write; the multiple is
a property of the device (caches are shared, and kernels use workspace of their own) and is
fitted on whole networks with the two other numbers of a `CacheModel`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeslim.measurement import CacheState
from edgeslim.opspec import OpSpec

__all__ = ["DEFAULT_CACHE_MODEL", "CacheModel", "LatencyCurves", "touched_bytes"]

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheModel:
    """How a device's networks relate to their operators.

    ``latency = scale * sum(operator at distance) + count * overhead_ms``

    Args:
        distance_factor: Reuse distance over bytes that the operators read and write.
        scale: Factor on the sum.
        overhead_ms: Added for each operator: what calling one costs in a network.
    """

    distance_factor: float = 1.5
    scale: float = 1.0
    overhead_ms: float = 0.0

    def latency_ms(self, total_ms: float, count: int) -> float:
        """Latency of a network from the sum over its operators at their distance."""
        return self.scale * total_ms + self.overhead_ms * count


DEFAULT_CACHE_MODEL = CacheModel()
"""Used while a device has too few whole networks measured to fit its own."""


def touched_bytes(specs: Sequence[OpSpec]) -> int:
    """Bytes that one inference reads and writes: weights, inputs and outputs of each operator."""
    return sum(spec.weight_bytes + spec.input_bytes + spec.output_bytes for spec in specs)


class LatencyCurves:
    """Time of each operator over the memory touched before it, less the cost of a run itself.

    Args:
        null: Milliseconds that an operator with nothing to do takes in each cache state:
            the timing's own cost there, which is taken off.
    """

    def __init__(self, null: Mapping[CacheState, float]) -> None:
        self._null = _sorted_curve(null)

    def curve(self, latencies_ms: Mapping[CacheState, float]) -> tuple[Array, Array]:
        """Bytes touched, rising, and the milliseconds at each, both with shape ``(states,)``."""
        swept, times = _sorted_curve(latencies_ms)
        if self._null[0].size == 0:
            return swept, times
        own = np.interp(swept, *self._null)
        return swept, np.maximum(times - own, 0.0)


def _sorted_curve(latencies_ms: Mapping[CacheState, float]) -> tuple[Array, Array]:
    states = sorted(latencies_ms)
    return (
        np.array([state.swept_bytes for state in states], np.float64),
        np.array([latencies_ms[state] for state in states], np.float64),
    )
