"""Sizes and latencies of networks in each precision and with each number of threads.

Each is converted for ARM, whose kernels are read from the file, and run on this machine in what
it has kernels for. Weights are random, as latencies and sizes do not depend on them; the busier
the machine is with other work, the less its latencies mean.

    python benchmarks/precisions.py [--model mobilenet-v1] [--threads 1,2]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tabulate import tabulate

import edgeslim
from edgeslim.execution import Target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="mobilenet-v1")
    parser.add_argument("--threads", default="1,2")
    arguments = parser.parse_args()
    threads = [int(each) for each in arguments.threads.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        asked = ("fp32", "fp16", "int16", "int8")
        converted = edgeslim.convert(
            arguments.model, [Target.ARM], precisions=asked, out=Path(folder, "arm")
        )
        done = edgeslim.deploy(
            arguments.model,
            precisions=("fp32", "int16", "int8"),
            threads=threads,
            out=Path(folder, "host"),
        )
    rows = [
        [each.precision.value, ", ".join(each.kernels), f"{each.size_bytes / 1e6:.2f}"]
        for each in converted.models
    ]
    print(tabulate(rows, headers=["for arm", "kernels", "MB"]))
    table = []
    for each in done.models:
        assert each.outputs is not None
        table.append(
            [
                each.precision.value,
                each.threads,
                f"{each.latency_ms:.2f} ms",
                f"{each.outputs.max_rel:.1e}",
                "" if each.outputs.lost is None else f"{each.outputs.lost:.1e}",
                "<--" if each.fastest else "",
            ]
        )
    headers = ["here", "threads", "latency", "outputs off", "variance lost", "fastest"]
    print(tabulate(table, headers=headers))
    print(*done.warnings, sep="\n")


if __name__ == "__main__":
    main()
