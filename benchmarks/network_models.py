"""Which model of a network's effect on its operators is best, on networks left out?

    .venv/bin/python benchmarks/network_models.py TABLE

TABLE is that of `benchmarks/prediction.py`: eighty networks and all their operators. Each
model is fitted on ten of them, at least one of each family, and predicts the rest; mean over
twenty such draws. A second figure leaves whole families out of the fit. At last, how many of the
networks left out lie in their 90 % intervals, by fits on a few networks.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from machine import machine_line
from tabulate import tabulate

from edgeslim.latency_table import LatencyTable
from edgeslim.prediction.calibration import CalibrationNetwork, calibrate
from edgeslim.prediction.network_features import Array, FeatureLayout, NetworkFeatures
from edgeslim.prediction.network_model import totals_at
from edgeslim.prediction.predictor import Predictor

DRAWS = 20
FITTED = 10

Families = np.ndarray[tuple[int], np.dtype[np.str_]]
"""Name of the family of each network."""

Columns = Callable[[NetworkFeatures, float], list[Array]]
"""Columns of a linear model of some networks, for a reuse distance over touched bytes."""


def main(path: Path) -> None:
    table = LatencyTable.read(path)
    rows = Predictor(table).rows
    latencies = table.network_latencies_ms()
    truths = [
        CalibrationNetwork(
            name=name, measured_ms=latencies[name], sums=rows.of(row.graph.specs).sum(axis=0)
        )
        for name, row in table.networks.items()
    ]
    families = np.array([family_of(truth.name) for truth in truths])
    report = []
    for name, predict in models(rows.layout).items():
        few = errors(predict, truths, list(draws(families)))
        whole = [np.flatnonzero(families != family) for family in dict.fromkeys(families)]
        report.append([name, *figures(few), *figures(errors(predict, truths, whole))])
    headers = ["model", "MAPE", "worst", "within 5 %", "new family: MAPE", "worst", "within 5 %"]
    print(f"{len(truths)} networks, fits on {FITTED}, {DRAWS} draws; on all families but one\n")
    print(tabulate(report, headers=headers, tablefmt="github"), "\n")
    held = [[count, *coverage(rows.layout, truths, families, count)] for count in (5, 10, 20)]
    print(tabulate(held, headers=["fit on", "in 90 % interval", "half of it"], tablefmt="github"))
    print(machine_line())


def family_of(name: str) -> str:
    """``fitted: mobilenet-v3-a-0.5`` is of ``mobilenet-v3``."""
    parts = name.removeprefix("fitted: ").split("-")
    return "-".join(parts[:-2] if parts[-2] in {"a", "b"} else parts[:-1])


def draws(families: Families, count: int = FITTED) -> Iterator[Array]:
    """Places of the networks of a fit: one of each family, and others up to a count."""
    generator = np.random.default_rng(0)
    for _ in range(DRAWS):
        chosen = [
            int(generator.choice(np.flatnonzero(families == family)))
            for family in dict.fromkeys(families)
        ]
        rest = [place for place in generator.permutation(len(families)) if place not in chosen]
        yield np.array([*chosen, *rest][:count])


def coverage(
    layout: FeatureLayout, truths: list[CalibrationNetwork], families: Families, count: int
) -> tuple[str, str]:
    """How many networks lie in their 90 % intervals, and half of the middle one's width."""
    inside, widths = [], []
    for fit in draws(families, count):
        calibration = calibrate([truths[int(place)] for place in fit], layout)
        judged = [truth for place, truth in enumerate(truths) if place not in fit]
        features = networks(layout, judged)
        predicted_ms = calibration.model.latencies_ms(features)
        half_ms = calibration.half_widths_ms(features)
        measured_ms = np.array([truth.measured_ms for truth in judged])
        inside.append(np.abs(predicted_ms - measured_ms) <= half_ms)
        widths.append(half_ms / predicted_ms)
    return f"{np.mean(inside):.0%}", f"{100 * np.median(widths):.1f} %"


Predict = Callable[[list[CalibrationNetwork], list[CalibrationNetwork]], Array]
"""Latencies of the second networks by a fit on the first."""


def models(layout: FeatureLayout) -> dict[str, Predict]:
    def hot(networks: NetworkFeatures) -> Array:
        return networks.totals_ms[:, 0]

    def state(place: int) -> Columns:
        return lambda networks, _: [
            hot(networks),
            networks.totals_ms[:, place] - hot(networks),
            networks.counts,
        ]

    def at_distance(networks: NetworkFeatures, factor: float) -> list[Array]:
        return [totals_at(networks, factor * networks.touched_bytes), networks.counts]

    def hot_and_distance(networks: NetworkFeatures, factor: float) -> list[Array]:
        total, count = at_distance(networks, factor)
        return [hot(networks), total - hot(networks), count]

    swept = (layout.swept_bytes / 2**20).astype(int)
    return {
        "factor x hot sum": linear(layout, lambda networks, _: [hot(networks)]),
        "hot + bytes + count": linear(
            layout,
            lambda networks, _: [hot(networks), networks.touched_bytes, networks.counts],
        ),
        **{
            f"hot + cold at {swept[place]} MB + count": linear(layout, state(place))
            for place in range(1, swept.size)
        },
        "factor x sum at the reuse distance + count": linear(layout, at_distance, search=True),
        "hot + cold at the reuse distance + count": linear(layout, hot_and_distance, search=True),
        "ours: hot + cold there + bytes + count, held near the default": ours(layout),
    }


def linear(layout: FeatureLayout, columns: Columns, *, search: bool = False) -> Predict:
    """Least squares of the relative errors; the best distance if the model has one."""

    def predict(fitted: list[CalibrationNetwork], judged: list[CalibrationNetwork]) -> Array:
        seen, asked = (networks(layout, each) for each in (fitted, judged))
        measured = np.array([truth.measured_ms for truth in fitted])
        best, result = math.inf, np.empty(0)
        for factor in np.geomspace(0.4, 6.0, 25) if search else [1.0]:
            rows = np.column_stack(columns(seen, factor)) / measured[:, None]
            solution, *_ = np.linalg.lstsq(rows, np.ones(len(fitted)), rcond=None)
            cost = float(np.sum((rows @ solution - 1) ** 2))
            if cost < best:
                best, result = cost, np.column_stack(columns(asked, factor)) @ solution
        return result

    return predict


def ours(layout: FeatureLayout) -> Predict:
    def predict(fitted: list[CalibrationNetwork], judged: list[CalibrationNetwork]) -> Array:
        return calibrate(fitted, layout).model.latencies_ms(networks(layout, judged))

    return predict


def networks(layout: FeatureLayout, truths: list[CalibrationNetwork]) -> NetworkFeatures:
    return layout.networks(np.array([truth.sums for truth in truths]))


def errors(predict: Predict, truths: list[CalibrationNetwork], fits: list[Array]) -> Array:
    """Relative errors of all networks left out of each fit."""
    found = []
    for fit in fits:
        judged = [truth for place, truth in enumerate(truths) if place not in fit]
        predicted = predict([truths[int(place)] for place in fit], judged)
        found.append(predicted / np.array([truth.measured_ms for truth in judged]) - 1)
    return np.concatenate(found)


def figures(relative: Array) -> list[str]:
    sizes = np.abs(relative)
    return [
        f"{100 * sizes.mean():.1f} %",
        f"{100 * sizes.max():.0f} %",
        f"{(sizes <= 0.05).mean():.0%}",
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
