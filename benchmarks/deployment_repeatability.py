"""Do ten deployments of the same two models say the same?

    .venv/bin/python benchmarks/deployment_repeatability.py OUT [DEPLOYMENTS [ROUNDS [PAUSE_S]]]

Deploys MobileNetV2 beside MobileNetV1 at 128x128 on this machine ten times, so many seconds
apart, into the folder OUT; what is there already counts, so that it may be stopped and gone on
with. Prints how far the speed-ups scatter, against the two latencies they are made of (as
measured, and divided by the reference operator of the same rounds), and how often the interval
that a deployment gave has the ratio of another one inside.
"""

from __future__ import annotations

import sys
import time
from itertools import permutations
from pathlib import Path

import numpy as np
from machine import machine_line
from tabulate import tabulate

import edgeslim
from edgeslim.cli.progress import terminal_progress
from edgeslim.runs.deployment_history import HISTORY, read_history
from edgeslim.runs.deployment_records import DeploymentRecord, ModelRecord

MODEL, BASELINE = "mobilenet-v2", "mobilenet-v1"
INPUT = {"": (1, 3, 128, 128)}


def main(out: Path, deployments: int, rounds: int, pause_s: float) -> None:
    records = known(out)
    while len(records) < deployments:
        if records:
            time.sleep(pause_s)
        edgeslim.deploy(
            MODEL,
            baseline=BASELINE,
            input_shapes=INPUT,
            rounds=rounds,
            out=out,
            progress=terminal_progress(),
        )
        records = known(out)
    report(records[:deployments])
    print(f"\n{machine_line()}")


def known(out: Path) -> list[DeploymentRecord]:
    return list(read_history(out)) if (out / HISTORY).exists() else []


def report(records: list[DeploymentRecord]) -> None:
    models = [record.models[0] for record in records]
    baselines = [record.models[1] for record in records]
    speedups = [record.speedups[0] for record in records]
    rows = [
        row("speed-up", np.array([each.ratio for each in speedups]), ""),
        row(f"latency of {MODEL}", latencies(models), " ms"),
        row(f"latency of {BASELINE}", latencies(baselines), " ms"),
        row(f"{MODEL} over the reference operator", relative(models), ""),
        row(f"{BASELINE} over the reference operator", relative(baselines), ""),
    ]
    headers = ["of each deployment", "mean", "standard deviation", "least", "most"]
    print(tabulate(rows, headers=headers, tablefmt="github"), "\n")
    inside = [
        one.interval[0] <= other.ratio <= one.interval[1]
        for one, other in permutations(speedups, 2)
    ]
    width = np.mean([each.interval[1] / each.interval[0] - 1 for each in speedups]) / 2
    disturbed = np.mean([bool(each.disturbed) for model in models for each in model.rounds])
    print(
        f"{len(records)} deployments of {np.mean([each.rounds for each in speedups]):.1f} rounds; "
        f"intervals of +-{width:.2%} on average, which have the ratio of another deployment "
        f"inside in {np.mean(inside):.0%} of all pairs (promised: {speedups[0].level:.0%}); "
        f"{disturbed:.0%} of all rounds were disturbed"
    )


def latencies(models: list[ModelRecord]) -> np.ndarray:
    return np.array([each.latency_ms for each in models])


def relative(models: list[ModelRecord]) -> np.ndarray:
    references = [np.mean([each.reference_ms for each in model.counted_rounds]) for model in models]
    return latencies(models) / np.array(references)


def row(name: str, values: np.ndarray, unit: str) -> list[str]:
    return [
        name,
        f"{values.mean():.3f}{unit}",
        f"{values.std(ddof=1) / values.mean():.2%}",
        f"{values.min():.3f}{unit}",
        f"{values.max():.3f}{unit}",
    ]


if __name__ == "__main__":
    numbers = sys.argv[2:]
    main(
        Path(sys.argv[1]),
        int(numbers[0]) if numbers else 10,
        int(numbers[1]) if len(numbers) > 1 else 12,
        float(numbers[2]) if len(numbers) > 2 else 30.0,
    )
