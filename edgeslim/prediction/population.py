"""Latencies of a whole population of a space's networks at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeslim.prediction.network_features import Array, NetworkFeatures
from edgeslim.prediction.predictor import Predictor
from edgeslim.prediction.segment_sums import IntArray, SegmentSums
from edgeslim.spaces import Space

__all__ = ["IntArray", "PopulationPredictor"]


class PopulationPredictor:
    """Predicts networks of a space from their tokens.

    Args:
        predictor: Predictor by a device's table.
        space: Space whose networks are predicted.
    """

    def __init__(self, predictor: Predictor, space: Space) -> None:
        self.predictor = predictor
        rows = predictor.rows
        target = predictor.table.context.fused_for
        self._sums = SegmentSums(space, target, rows.of, rows.layout.width)

    def latencies_ms(self, tokens: IntArray) -> Array:
        """Latency of each network, ``(networks,)``; see `latencies_and_macs`."""
        return self.latencies_and_macs(tokens)[0]

    def latencies_and_macs(self, tokens: IntArray) -> tuple[Array, Array]:
        """Latency and multiply-accumulate operations of each network.

        Args:
            tokens: Tokens of each network, ``(networks, tokens)``.

        Returns:
            Milliseconds, nan where the table has nothing like an operator, and operations;
            both ``(networks,)``.

        Raises:
            UsageError: Tokens that are not of the space; the message names the first.
        """
        latencies_ms, macs = np.empty((2, len(tokens)))
        for chunk, networks in self._networks(tokens):
            latencies_ms[chunk] = self._known_ms(networks)
            macs[chunk] = networks.macs
        return latencies_ms, macs

    def intervals_ms(self, tokens: IntArray, *, confidence: float = 0.9) -> tuple[Array, Array]:
        """Latency of each network, and half the width of its interval.

        Args:
            tokens: Tokens of each network, ``(networks, tokens)``.
            confidence: Probability that the interval contains the measured latency.

        Returns:
            Milliseconds, nan where the table has nothing like an operator; both
            ``(networks,)``.

        Raises:
            UsageError: Tokens that are not of the space; the message names the first.
        """
        latencies_ms, half_widths_ms = np.empty((2, len(tokens)))
        for chunk, networks in self._networks(tokens):
            latencies_ms[chunk] = self._known_ms(networks)
            widths = self.predictor.calibration.half_widths_ms(networks, confidence=confidence)
            half_widths_ms[chunk] = np.where(networks.missing > 0, np.nan, widths)
        return latencies_ms, half_widths_ms

    def _networks(self, tokens: IntArray) -> Iterator[tuple[slice, NetworkFeatures]]:
        for chunk, sums in self._sums.chunks(tokens):
            yield chunk, self.predictor.rows.layout.networks(sums)

    def _known_ms(self, networks: NetworkFeatures) -> Array:
        known = self.predictor.calibration.model.latencies_ms(networks)
        return np.where(networks.missing > 0, np.nan, known)
