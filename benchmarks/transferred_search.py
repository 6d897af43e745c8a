"""Does a network that is searched for by a transferred table meet its limit as measured?

    .venv/bin/python benchmarks/transferred_search.py FOLDER [native | two-threads]

In the space light-nas-small, on this machine. One table is measured with one thread by the program
in Python. The table of the other device (the program in C++, or two threads) is made from it and
thirty operators and five networks of its own, as `edgeslim profile --like` does. A search by this
table is given three quarters of what the space's start takes, and its winner is measured on the
other device. At last what the table predicts of networks that it has not seen, as it says itself.
What is in the folder already is not done again.
"""

from __future__ import annotations

import sys
from pathlib import Path

from machine import machine_line
from new_devices import native_device
from tabulate import tabulate

import edgeslim
from edgeslim.cli.progress import terminal_progress
from edgeslim.device import DeviceChoice
from edgeslim.durations import format_ms, parse_latency
from edgeslim.latency_table import LatencyTable
from edgeslim.prediction.predictor import Predictor

SPACE = "light-nas-small"
OPERATORS, NETWORKS = 30, 5
"""What is measured on the other device for its table."""
SHARE, CANDIDATES = "75%", 6


def main(folder: Path, how: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    one, other = folder.resolve() / "one-thread.jsonl", folder.resolve() / f"{how}.jsonl"
    run = folder.resolve() / f"{how}-search"
    if not one.exists():
        edgeslim.profile("host", space=SPACE, out=one, progress=terminal_progress())
    choice = DeviceChoice(name="host", threads=2)
    if how == "native":
        choice = native_device(folder / "native")
    edgeslim.profile(
        choice,
        space=SPACE,
        like=[one],
        budget=OPERATORS,
        networks=NETWORKS,
        out=other,
        progress=terminal_progress(),
    )
    result = edgeslim.search(
        parse_latency(SHARE),
        space=SPACE,
        table=other,
        candidates=CANDIDATES,
        out=run,
        progress=terminal_progress(),
    )
    table = LatencyTable.read(other)
    predictor = Predictor(table)
    rows = []
    for candidate in sorted(result.measured_candidates, key=lambda each: each.predicted_ms):
        (predicted_ms,), (measured_ms,) = candidate.predicted_ms, candidate.measured_ms or (0.0,)
        off = f"{predicted_ms / measured_ms - 1:+.1%}" if measured_ms else ""
        best = "best" if candidate.tokens == result.best.tokens else ""
        rows.append([best, format_ms(predicted_ms), format_ms(measured_ms), off])
    print(tabulate(rows, headers=["", "predicted", "measured", "off"], tablefmt="github"), "\n")
    print(
        f"limit {format_ms(result.targets[0].target_ms or 0.0)}; {len(table)} operators, ", end=""
    )
    print(f"{len(table.networks)} networks; {predictor.rows.device_weights}")
    print(f"left-out networks are {predictor.calibration.mean_error:.1%} off", "\n")
    print(machine_line())


if __name__ == "__main__":
    main(Path(sys.argv[1]), (sys.argv[2:] or ["native"])[0])
