"""What do the proofs cost: `edgeslim deploy` now beside an older checkout, on five models.

    .venv/bin/python benchmarks/proof_cost.py --base ../edgeslim-before [--models resnet18]

Each command is a process of its own with one of the two packages on its path, in turns, so that
what changes slowly meets both alike. ``deploy`` is on this machine with a file of its own each
time; ``convert`` is ``--convert-only arm``, which an older edgeslim did not prove at all, and is
shown for what it is. Said is the median of the wall times, and their ratio.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from machine import machine_line
from tabulate import tabulate

NAMES = ("mobilenet_v1", "mobilenet_v2", "mobilenet_v3_small", "resnet18", "squeezenet1_1")
HERE = Path(__file__).resolve().parent
MODELS = HERE / "vision_models.py"
ALLOWED = 1.15
WAYS = {"deploy": ("--device", "host"), "convert": ("--convert-only", "arm")}


def wall_s(package: Path, name: str, way: str) -> float:
    """How long a command takes with the package of a checkout."""
    with TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-m", "edgeslim", "deploy", f"{MODELS}:{name}"),
            *("--input-shape", "1,3,224,224", "--out", folder, *WAYS[way]),
        ]
        start = time.perf_counter()
        subprocess.run(
            command,
            check=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(package)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--base", type=Path, required=True, help="A checkout without the proofs.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--models", nargs="+", default=list(NAMES), help="Some of the five.")
    given = parser.parse_args()
    packages = {"before": given.base.resolve(), "now": HERE.parent}
    rows, worst = [], 0.0
    for way in WAYS:
        for name in given.models:
            taken: dict[str, list[float]] = {each: [] for each in packages}
            for number in range(given.rounds):
                order = list(packages) if number % 2 == 0 else list(packages)[::-1]
                for each in order:
                    taken[each].append(wall_s(packages[each], name, way))
            before, now = (median(taken[each]) for each in packages)
            rows.append([way, name, f"{before:.1f} s", f"{now:.1f} s", f"{now / before:.2f}"])
            worst = max(worst, now / before) if way == "deploy" else worst
            sys.stderr.write(f"{way} {name} done\n")
    print(tabulate(rows, headers=["command", "model", "before", "now", "ratio"], tablefmt="github"))
    print(f"\ndeploy takes at most {worst:.2f} times as long (allowed {ALLOWED})")
    print(machine_line())
    sys.exit(worst > ALLOWED)


if __name__ == "__main__":
    main()
