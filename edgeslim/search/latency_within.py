"""Whether networks of a space are predicted to run within a latency, whole populations at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeslim.latency_table import LatencyTable
from edgeslim.prediction.population import PopulationPredictor
from edgeslim.prediction.predictor import Predictor
from edgeslim.spaces import Space

__all__ = ["within_latency"]


def within_latency(
    space: Space, table: Path, target_ms: float
) -> Callable[[NDArray[np.int64]], NDArray[np.bool_]]:
    """Says of ``(networks, tokens)`` which are predicted to be within; unknown ones are not.

    Raises:
        BadFileError: The table is none.
    """
    population = PopulationPredictor(Predictor(LatencyTable.read(table)), space)

    def within(tokens: NDArray[np.int64]) -> NDArray[np.bool_]:
        met: NDArray[np.bool_] = population.latencies_ms(tokens) <= target_ms
        return met

    return within
