"""Networks that obey a planted `NetworkModel` exactly."""

from __future__ import annotations

import numpy as np

from edgeslim.conversion.operator_jobs import null_operator
from edgeslim.latency_table import NetworkRow, OperatorRow
from edgeslim.opspec import OpSpec
from edgeslim.prediction.calibration import CalibrationNetwork
from edgeslim.prediction.network_features import Array, FeatureLayout
from edgeslim.prediction.network_model import NetworkModel
from tests.values import MB, chain, convolution, relu, row, timed

STATES_MB = (0, 8, 16, 24)
LAYOUT = FeatureLayout(swept_bytes=np.array(STATES_MB, np.float64) * MB)

Network = tuple[tuple[OpSpec, ...], list[OperatorRow], NetworkRow]


def latencies_ms(spec: OpSpec) -> list[float]:
    """Some time of an operator in each state: the more bytes, the more it minds the cold."""
    moved = (spec.weight_bytes + spec.input_bytes + spec.output_bytes) / MB
    hot = 0.1 + 0.4 * moved
    return [hot * (1 + rise) + 0.3 * moved * rise for rise in (0.0, 0.5, 0.8, 0.9)]


def sums(specs: tuple[OpSpec, ...]) -> Array:
    """A network's features."""
    rows = [LAYOUT.row(spec, np.array(latencies_ms(spec)), 0.0) for spec in specs]
    total: Array = np.sum(rows, axis=0)
    return total


def operators(index: int) -> tuple[OpSpec, ...]:
    """A network of some size."""
    width = (16, 32, 48, 64, 96, 128)[index % 6] * (1 + index // 6)
    return tuple(
        each
        for layer in range(4 + (5 * index) % 11)
        for each in (
            convolution(width, width + 8 * layer, 14, kernel=(1, 3)[(index + layer) % 3 == 0]),
            relu(width + layer, 14),
        )
    )


def truths(model: NetworkModel, *, count: int = 12) -> list[CalibrationNetwork]:
    """Networks for a fit."""
    found = []
    for index in range(count):
        features = sums(operators(index))
        (measured_ms,) = model.latencies_ms(LAYOUT.networks(features[None]))
        found.append(
            CalibrationNetwork(name=f"net{index}", measured_ms=float(measured_ms), sums=features)
        )
    return found


def synthetic_networks(model: NetworkModel, *, count: int = 12) -> dict[str, Network]:
    """Networks by name: their operators, and rows for a table."""
    networks = {}
    for index, truth in enumerate(truths(model, count=count)):
        specs = operators(index)
        rows = [row(spec, *latencies_ms(spec)) for spec in dict.fromkeys(specs)]
        measured = timed(truth.measured_ms, samples=20)
        networks[truth.name] = (
            specs,
            rows,
            NetworkRow(name=truth.name, graph=chain(*specs), measurements=(measured,)),
        )
    return networks


def null_row() -> OperatorRow:
    """A run itself costs nothing."""
    return row(null_operator(), *[1e-6] * len(STATES_MB))
