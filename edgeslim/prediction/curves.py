"""Latencies of a table's operators as curves over the same cache states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec
from edgeslim.prediction.network_features import Array

__all__ = ["Curves"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Curves:
    """Measured operators at one speed of their device.

    Args:
        swept_bytes: Every cache state of the table, ascending, ``(states,)``; of a table without
            operators, those of the first other device's.
        latencies_ms: Latencies of each operator, ``(states,)``, interpolated between its states.
    """

    swept_bytes: Array
    latencies_ms: dict[OpSpec, Array]

    @staticmethod
    def of(table: LatencyTable) -> Curves:
        """The curves of a table as it is now."""
        measured = table.latencies_ms()
        swept = sorted({state.swept_bytes for states in measured.values() for state in states})
        if not swept:
            swept = list(table.likes[0].swept_bytes) if table.likes else [0]
        grid = np.array(swept, np.float64)
        curves = {}
        for spec, states in measured.items():
            own = sorted(states)
            curves[spec] = np.interp(
                grid, [state.swept_bytes for state in own], [states[state] for state in own]
            )
        return Curves(swept_bytes=grid, latencies_ms=curves)
