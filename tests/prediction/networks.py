"""Networks that obey a planted `CacheModel` exactly."""

from __future__ import annotations

import numpy as np

from edgeslim.conversion.operator_jobs import null_operator
from edgeslim.latency_table import NetworkRow, OperatorRow
from edgeslim.opspec import OpSpec
from edgeslim.prediction.reuse_distance import CacheModel, touched_bytes
from tests.values import MB, chain, convolution, relu, row, timed

STATES_MB = (0, 8, 16, 24)

Network = tuple[tuple[OpSpec, ...], list[OperatorRow], NetworkRow]


def latencies_ms(spec: OpSpec) -> list[float]:
    """Some time of an operator in each state: the more bytes, the more it minds the cold."""
    moved = (spec.weight_bytes + spec.input_bytes + spec.output_bytes) / MB
    hot = 0.1 + 0.4 * moved
    return [hot * (1 + rise) + 0.3 * moved * rise for rise in (0.0, 0.5, 0.8, 0.9)]


def synthetic_networks(model: CacheModel, *, count: int = 12) -> dict[str, Network]:
    """Networks of several sizes by name: their operators, and rows for a table."""
    networks = {}
    for index in range(count):
        width = (16, 32, 48, 64, 96, 128)[index % 6] * (1 + index // 6)
        depth = 4 + (5 * index) % 11
        specs = tuple(
            each
            for layer in range(depth)
            for each in (convolution(width, width + 8 * layer, 14), relu(width + layer, 14))
        )
        swept = np.array(STATES_MB) * MB
        total = sum(
            np.interp(model.distance_factor * touched_bytes(specs), swept, latencies_ms(spec))
            for spec in specs
        )
        rows = [row(spec, *latencies_ms(spec)) for spec in dict.fromkeys(specs)]
        measured = timed(model.latency_ms(float(total), len(specs)))
        name = f"net{index}"
        networks[name] = (
            specs,
            rows,
            NetworkRow(name=name, graph=chain(*specs), measurements=(measured,)),
        )
    return networks


def null_row() -> OperatorRow:
    """A run itself costs nothing."""
    return row(null_operator(), *[1e-6] * len(STATES_MB))
