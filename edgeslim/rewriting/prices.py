"""What a fused operator takes in a network, by a table; what a table lacks is measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf

import numpy as np

from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec
from edgeslim.prediction.predictor import Predictor, Source

__all__ = ["Prices"]

Measure = Callable[[Sequence[OpSpec]], None]
"""Measures operators, and adds them to the table."""


class Prices:
    """Milliseconds that operators add to one network.

    Args:
        table: Latency table of the device.
        specs: Fused operators of the network as it is, which say how cold its caches are.
        measure: Measures operators that the table lacks; None where there is no device.

    Attributes:
        measured_s: Seconds of this thread that measuring took so far.
    """

    def __init__(
        self, table: LatencyTable, specs: Sequence[OpSpec], measure: Measure | None = None
    ) -> None:
        self._table = table
        self._specs = tuple(specs)
        self._measure = measure
        self._found: dict[OpSpec, float | None] = {}
        self.measured_s = 0.0
        self._renew()

    def _renew(self) -> None:
        self.predictor = Predictor(self._table)
        self._found.clear()
        rows = self.predictor.rows.of(self._specs)
        sums = self.predictor.rows.layout.networks(rows.sum(axis=0, keepdims=True))
        self._touched = float(sums.touched_bytes[0])

    @property
    def total_ms(self) -> float:
        """What the network as it is takes, as far as its operators have prices."""
        self.find(self._specs)
        return sum(self._found[spec] or 0.0 for spec in self._specs)

    @property
    def unknown_operators(self) -> list[OpSpec]:
        """Operators that were asked for and have no price, each once."""
        return [spec for spec, price in self._found.items() if price is None]

    def find(self, specs: Iterable[OpSpec]) -> None:
        """Finds the prices of operators, and measures those that the table lacks or guesses.

        Estimates of operators between others stay as they are: their errors are small.
        """
        wanted = list(dict.fromkeys((*self._found, *specs)))
        if self._measure is not None:
            source = self.predictor.rows.source
            lacking = [spec for spec in wanted if source(spec) is Source.MISSING]
            lacking = [spec for spec in lacking if spec not in self._table.failures]
            if lacking:
                start = time.thread_time()
                self._measure(lacking)
                self._renew()
                self.measured_s += time.thread_time() - start
        new = [spec for spec in wanted if spec not in self._found]
        if not new:
            return
        model, layout = self.predictor.calibration.model, self.predictor.rows.layout
        features = layout.networks(self.predictor.rows.of(new))
        shares = model.shares_ms(features, self._touched) + model.overhead_ms
        for spec, share, missing in zip(new, shares, features.missing, strict=True):
            self._found[spec] = None if missing or not np.isfinite(share) else float(share)

    def change_ms(self, counts: Mapping[OpSpec, int] | None) -> float:
        """Milliseconds that a change of operators adds; fewer if it is negative.

        Args:
            counts: How many of each operator there are more; None for what is not possible.

        Returns:
            Infinite if it adds an operator without a price. One that it takes away saves nothing.
        """
        if counts is None:
            return inf
        self.find(counts)
        total = 0.0
        for spec, count in counts.items():
            price = self._found[spec]
            if price is None and count > 0:
                return inf
            total += count * (price or 0.0)
        return total

    def known_ms(self, counts: Mapping[OpSpec, int]) -> float | None:
        """What operators would add to the network by the table alone; None where it is not known.

        Args:
            counts: How many of each operator there are.
        """
        rows = self.predictor.rows
        if any(rows.source(spec) is Source.MISSING for spec in counts):
            return None
        ms = self.change_ms(counts)
        return ms if np.isfinite(ms) else None
