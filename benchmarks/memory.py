"""How far are predictions of memory, loading and the first run from networks not seen before?

    .venv/bin/python benchmarks/memory.py [TABLE]

Takes the eighty networks of `benchmarks/prediction.py`, measures the latency of each and how it
starts, and predicts each by the others. A second table of figures is by the ten networks alone
that calibrate there. Latencies are those measured, so that errors of a start are not mixed with
those of a latency. A table given, and there, is gone on with; takes a quarter of an hour.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from machine import machine_line
from prediction import FITTED, built, named_networks
from tabulate import tabulate

from edgeslim.cli.progress import terminal_progress
from edgeslim.latency_table import LatencyTable
from edgeslim.measuring.device_session import open_device
from edgeslim.measuring.drift import DriftWatch
from edgeslim.measuring.networks import measure_networks
from edgeslim.prediction.start_predictor import Quantity, StartPrediction, StartPredictor
from edgeslim.profiling.network_starts import measure_table_starts

STARTS = 3
SECONDS = 0.2

HEADERS = ["", "mean error", "bias", "worst", "within", "share within", "in 90 % interval"]


def main(path: Path) -> None:
    session = open_device("host")
    table = LatencyTable.open(path, session.context())
    named = named_networks()
    if any(name not in table.starts for name in named):
        with TemporaryDirectory() as scratch:
            networks = built(named, Path(scratch))
            missing = [network for network in networks if network.name not in table.networks]
            if missing:
                measured = measure_networks(
                    DriftWatch(session),
                    missing,
                    rounds=2,
                    seconds=SECONDS,
                    progress=terminal_progress(),
                )
                table.add(*measured.rows(missing))
            measure_table_starts(session, table, networks, times=STARTS)
    judged = [name for name in table.starts if not name.startswith(FITTED)]
    print(f"{len(table.starts)} networks, each by the others:\n")
    report(table, {name: StartPredictor(table, without={name}) for name in table.starts})
    fitted = StartPredictor(table, without=set(judged))
    print(f"{len(judged)} networks by the {len(table.starts) - len(judged)} that calibrate:\n")
    report(table, dict.fromkeys(judged, fitted))
    print(machine_line())


def report(table: LatencyTable, predictors: dict[str, StartPredictor]) -> None:
    """Figures of all networks that are predicted, one line a quantity."""
    latencies = table.network_latencies_ms()
    predicted = {
        name: predictor.predict(table.networks[name].graph, latencies[name])
        for name, predictor in predictors.items()
    }
    rows = [
        line(table, predicted, "memory of runtime and model", "memory_mb", 0.02),
        line(
            *(table, predicted, "memory of the model", "memory_mb", 0.02),
            added=lambda name: -(table.starts[name].alone_mb or 0.0),
        ),
        line(table, predicted, "load, warm", "load_ms", 0.1),
        line(table, predicted, "load, cold", "cold_load_ms", 0.1),
        line(table, predicted, "first run", "first_run_ms", 0.2),
        line(
            *(table, predicted, "first run's surplus", "first_run_ms", 0.2),
            added=lambda name: -latencies[name],
        ),
    ]
    print(tabulate([row for row in rows if row], headers=HEADERS, tablefmt="github"), "\n")
    errors = {
        name: start.memory_mb.value - (table.starts[name].taken_mb or 0.0)
        for name, start in predicted.items()
        if start.memory_mb is not None
    }
    worst = sorted(errors, key=lambda name: -abs(errors[name]))[:5]
    print("memory, worst:", ", ".join(f"{name} {errors[name]:+.1f} MB" for name in worst), "\n")


def line(
    table: LatencyTable,
    predicted: dict[str, StartPrediction],
    title: str,
    field: str,
    within: float,
    *,
    added: Callable[[str], float] = lambda _: 0.0,
) -> list[str]:
    """One line: errors relative to what was measured, both with something added."""
    column = "taken_mb" if field == "memory_mb" else field
    errors, inside = [], []
    for name, start in predicted.items():
        quantity: Quantity | None = getattr(start, field)
        truth: float | None = getattr(table.starts[name], column)
        if quantity is None or truth is None:
            continue
        errors.append((quantity.value - truth) / (truth + added(name)))
        low, high = quantity.interval
        inside.append(low <= truth <= high)
    if not errors:
        return []
    found = np.array(errors)
    return [
        title,
        f"{100 * np.abs(found).mean():.1f} %",
        f"{100 * found.mean():+.1f} %",
        f"{100 * np.abs(found).max():.1f} %",
        f"{within:.0%}",
        f"{(np.abs(found) <= within).mean():.0%}",
        f"{np.mean(inside):.0%}",
    ]


if __name__ == "__main__":
    main(Path(*(sys.argv[1:2] or ["runs/benchmark-memory.jsonl"])))
