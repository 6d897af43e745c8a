"""What an operator costs inside a network, from what it costs alone.

Alone and run back to back, an operator finds its weights and buffers in the caches. In a
network they were last touched one whole inference ago, and everything that the network
touched in between may have pushed them out: the *reuse distance* (Mattson et al., 1970,
https://doi.org/10.1147/sj.92.0078). The table holds each operator's time with several
amounts of memory touched before each run, so its time in a network is read off at the
network's own distance.

The distance is a multiple of the bytes that the operators read and write; the multiple is
a property of the device (caches are shared, and kernels use workspace of their own), and
is fitted on whole networks with the other numbers of a `NetworkModel`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeslim.prediction.network_features import Array, Network

__all__ = ["DEFAULT_MODEL", "NetworkModel", "totals_at"]


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkModel:
    """How a device's networks relate to their operators.

    ``latency = scale * hot + cold_scale * (at the distance - hot) + byte_ms * bytes
    + overhead_ms * operators``, each summed over the operators.

    The second part is what the caches no longer hold; in a network most of it is hidden, since
    what one operator reads is fetched ahead while another still computes. What moving the
    bytes takes all the same is the third.

    Args:
        distance_factor: Reuse distance over bytes that the operators read and write.
        scale: Factor on the time of the operators when hot.
        cold_scale: Factor on what they take more at the distance.
        byte_ms: Added for each byte that they read or write.
        overhead_ms: Added for each operator: what calling one costs in a network.
    """

    distance_factor: float = 1.5
    scale: float = 1.0
    cold_scale: float = 0.5
    byte_ms: float = 0.0
    overhead_ms: float = 0.0

    def latencies_ms(self, networks: Network) -> Array:
        """Latency of each network in milliseconds, ``(networks,)``."""
        distances = self.distance_factor * networks.touched_bytes
        latencies = self._of_operators(networks, distances) + self.overhead_ms * networks.counts
        return np.maximum(latencies, 0.0)

    def shares_ms(self, operators: Network, touched_bytes: float) -> Array:
        """What each operator adds to a network that touches so many bytes, ``(operators,)``.

        The overhead, which is the same for each, is left out.
        """
        distances = np.full(len(operators.counts), self.distance_factor * touched_bytes)
        return np.maximum(self._of_operators(operators, distances), 0.0)

    def _of_operators(self, networks: Network, distances: Array) -> Array:
        hot = networks.totals_ms[:, 0]
        cold = totals_at(networks, distances) - hot
        latencies: Array = self.scale * hot + self.cold_scale * cold
        latencies += self.byte_ms * networks.touched_bytes
        return latencies


DEFAULT_MODEL = NetworkModel()
"""Used while a device has too few whole networks measured to fit its own."""


def totals_at(networks: Network, distances: Array) -> Array:
    """Sum over the operators of each network at its reuse distance.

    Args:
        networks: The networks.
        distances: Bytes touched in between, ``(networks,)``.

    Returns:
        Milliseconds, ``(networks,)``; between two cache states as on a line, beyond the last
        as there.
    """
    swept, totals = networks.swept_bytes, networks.totals_ms
    if swept.size == 1:
        return totals[:, 0]
    below = np.clip(np.searchsorted(swept, distances, side="right") - 1, 0, swept.size - 2)
    share = np.clip((distances - swept[below]) / (swept[below + 1] - swept[below]), 0.0, 1.0)
    each = np.arange(len(distances))
    low, high = totals[each, below], totals[each, below + 1]
    between: Array = low + (high - low) * share
    return between
