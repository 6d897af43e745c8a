"""Latency of operators inside a network, from their latency alone.

Alone and run back to back, an operator finds its weights and buffers in the caches. In a
network they were last touched one whole inference ago, and everything that the network
touched in between may have evicted them: the *reuse distance* (Mattson et al., 1970,
https://doi.org/10.1147/sj.92.0078). The table has each operator's latency with several
amounts of memory touched before each run, so its latency in a network is interpolated at the
network's own distance.

The distance is a multiple of the bytes that the operators read and write; the multiple is
a property of the device (caches are shared, and kernels use workspace of their own), and
is fitted on whole networks with the other parameters of a `NetworkModel`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeslim.prediction.network_features import Array, NetworkFeatures

__all__ = ["DEFAULT_MODEL", "NetworkModel", "totals_at"]


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkModel:
    """Latency of a device's networks as a function of their operators.

    ``latency = scale * hot + cold_scale * (at the distance - hot) + byte_ms * bytes
    + overhead_ms * operators + run_ms``, all but the last summed over the operators.

    The second part is for cache misses; in a network most of it is hidden, since
    data for one operator is prefetched while another still computes. The third part is for moving
    the bytes all the same.

    Args:
        distance_factor: Reuse distance over bytes that the operators read and write.
        scale: Factor on the latency of the operators with hot caches.
        cold_scale: Factor on their additional latency at the reuse distance.
        byte_ms: Milliseconds for each byte that they read or write.
        overhead_ms: Milliseconds for calling each operator in a network.
        run_ms: Milliseconds for a run itself, whatever the network.
    """

    distance_factor: float = 1.5
    scale: float = 1.0
    cold_scale: float = 0.5
    byte_ms: float = 0.0
    overhead_ms: float = 0.0
    run_ms: float = 0.0

    def latencies_ms(self, networks: NetworkFeatures) -> Array:
        """Latency of each network in milliseconds, ``(networks,)``."""
        distances = self.distance_factor * networks.touched_bytes
        latencies = self._of_operators(networks, distances) + self.overhead_ms * networks.counts
        return np.maximum(latencies + self.run_ms, 0.0)

    def shares_ms(self, operators: NetworkFeatures, touched_bytes: float) -> Array:
        """Milliseconds that each operator adds to a network that touches so many bytes.

        The overhead, which is the same for each, is left out.
        """
        distances = np.full(len(operators.counts), self.distance_factor * touched_bytes)
        return np.maximum(self._of_operators(operators, distances), 0.0)

    def _of_operators(self, networks: NetworkFeatures, distances: Array) -> Array:
        hot = networks.totals_ms[:, 0]
        cold = totals_at(networks, distances) - hot
        latencies: Array = self.scale * hot + self.cold_scale * cold
        latencies += self.byte_ms * networks.touched_bytes
        return latencies


DEFAULT_MODEL = NetworkModel()
"""The model of a device with too few measured networks to fit its own."""


def totals_at(networks: NetworkFeatures, distances: Array) -> Array:
    """Sum over the operators of each network at its reuse distance.

    Args:
        networks: Features of the networks.
        distances: Reuse distance of each network in bytes, ``(networks,)``.

    Returns:
        Milliseconds, ``(networks,)``, linear between two cache states and constant beyond the
        last.
    """
    swept, totals = networks.swept_bytes, networks.totals_ms
    if swept.size == 1:
        return totals[:, 0]
    below = np.clip(np.searchsorted(swept, distances, side="right") - 1, 0, swept.size - 2)
    share = np.clip((distances - swept[below]) / (swept[below + 1] - swept[below]), 0.0, 1.0)
    rows = np.arange(len(distances))
    low, high = totals[rows, below], totals[rows, below + 1]
    between: Array = low + (high - low) * share
    return between
