"""Do pruned networks run as fast as asked, and as predicted?

    .venv/bin/python benchmarks/pruned_latency.py FOLDER [MODEL ...]

Profiles each model (MobileNetV1, MobileNetV2 and ResNet18 at 224x224 unless told otherwise)
with a budget, prunes it to three latencies with this machine having the last word, deploys
what comes out, and prints what it took beside the target and the prediction by the table
alone. What is in the folder already is not done again.
"""

from __future__ import annotations

import sys
from pathlib import Path

from machine import machine_line
from tabulate import tabulate

import edgeslim
from edgeslim.cli.progress import terminal_progress

MODELS = {"mobilenet-v1": 250, "mobilenet-v2": 320, "resnet18": 250}
"""Operators that are measured of each."""

SHARES = (0.75, 0.5, 0.35)
"""Of the whole model's predicted latency."""


def main(folder: Path, models: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [row for model in models for row in pruned(folder, model)]
    headers = ["model", "target", "predicted", "measured", "met", "predicted off", "MACs"]
    print(tabulate(rows, headers, tablefmt="github"))
    print(f"\n{machine_line()}")


def pruned(folder: Path, model: str) -> list[list[str]]:
    table = folder / f"{model}.jsonl"
    if not table.exists():
        edgeslim.profile(
            "host", model=model, budget=MODELS[model], out=table, progress=terminal_progress()
        )
    whole_ms = edgeslim.predict(model, table).total_ms
    rows = []
    for share in SHARES:
        target_ms = round(share * whole_ms, 2)
        out = folder / f"{model}-{share:g}"
        result = edgeslim.prune(
            model,
            out=out,
            target_ms=target_ms,
            table=table,
            device="host",
            progress=terminal_progress(),
        )
        (deployed,) = edgeslim.deploy(
            str(out), device="host", table=table, out=out / "deployed"
        ).models
        measured_ms, predicted_ms = deployed.latency_ms, result.predicted_ms
        rows.append(
            [
                model,
                f"{target_ms:.2f} ms",
                f"{predicted_ms:.2f} ms",
                f"{measured_ms:.2f} ms",
                "yes" if measured_ms <= target_ms else "NO",
                f"{predicted_ms / measured_ms - 1:+.1%}",
                f"{result.macs_after / result.macs_before - 1:+.0%}",
            ]
        )
    return rows


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or list(MODELS))
