"""Do two profiles of the same space, an hour apart, say the same?

    .venv/bin/python benchmarks/repeatability.py FIRST SECOND [MINUTES]

Profiles the light-NAS space at 224x224 into two tables, so many minutes apart (60 unless
told otherwise); tables that are there already are compared as they are. Prints the
differences of operators and of whole networks, and what the profiles cost.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime
from pathlib import Path

import numpy as np
from machine import machine_line
from tabulate import tabulate

import edgeslim
from edgeslim.cli.progress import terminal_progress
from edgeslim.families.light_nas.published import PUBLISHED_TOKENS
from edgeslim.latency_table import LatencyTable
from edgeslim.prediction.curves import Curves
from edgeslim.prediction.predictor import Predictor
from edgeslim.spaces import SPACES

SPACE = SPACES.get("light-nas").space()


def main(paths: list[Path], minutes: float) -> None:
    for place, path in enumerate(paths):
        if path.exists():
            continue
        if place:
            time.sleep(max(0.0, begun(paths[0]) + 60 * minutes - time.time()))
        done = edgeslim.profile(
            space=SPACE.name, networks=10, out=path, progress=terminal_progress()
        )
        busy = done.wall_s - done.waited_s
        print(
            f"{path}: {done.measured} operators in {done.wall_s:.0f} s, of which "
            f"{done.waited_s:.0f} s waiting for a quiet machine; device busy for "
            f"{done.device_s:.0f} s; "
            f"ratio without waiting {busy / done.device_s:.2f}"
        )
    tables = [LatencyTable.read(path) for path in paths]
    apart = (begun(paths[1]) - begun(paths[0])) / 60
    first, second = (Curves.of(table).latencies_ms for table in tables)
    both = [spec for spec in first if spec in second]
    changes = np.array([second[spec] / first[spec] - 1 for spec in both])
    rows = [
        [name, f"{100 * np.median(np.abs(part)):.1f} %", f"{100 * np.median(part):+.1f} %",
         f"{100 * np.quantile(np.abs(part), 0.9):.1f} %"]
        for name, part in (("all states, mean", changes.mean(axis=1)), ("hot", changes[:, 0]),
                           ("last state", changes[:, -1]))
    ]  # fmt: skip
    print(f"{len(both)} operators, begun {apart:.0f} minutes apart\n")
    headers = ["operators", "median difference", "signed", "90th percentile"]
    print(tabulate(rows, headers=headers, tablefmt="github"), "\n")
    print(tabulate(networks(tables), headers=["network", *map(str, paths), "change"],
                   tablefmt="github"), "\n")  # fmt: skip
    print(machine_line())


def begun(path: Path) -> float:
    """When a table was begun, in seconds since the epoch."""
    return datetime.fromisoformat(LatencyTable.read(path).context.created).timestamp()


def networks(tables: list[LatencyTable]) -> list[list[str]]:
    predictors = [Predictor(table) for table in tables]
    rows = []
    for name, tokens in PUBLISHED_TOKENS.items():
        specs = SPACE.operators(tokens, tables[0].context.execution.target)
        first, second = (predictor.predict(specs).total_ms for predictor in predictors)
        rows.append(
            [name, f"{first:.2f} ms", f"{second:.2f} ms", f"{100 * (second / first - 1):+.1f} %"]
        )
    return rows


if __name__ == "__main__":
    main(
        [Path(sys.argv[1]), Path(sys.argv[2])],
        float(sys.argv[3]) if len(sys.argv) > 3 else 60.0,
    )
