"""By what should a time be divided, so that it is the same on the next turn?

    .venv/bin/python benchmarks/drift_references.py [SECONDS]

Runs operators of MobileNetV2 (hot, and after 8 and 64 MB of other memory) and small networks in
turns for so long (170 seconds unless told otherwise), in one process, between runs of the computing
reference operator and sweeps of 8 MB. Every run is timed by the clock and by its time on
the core. Then prints how far the same is apart between turns that follow each other (standard
deviation of the logarithm, mean over all), by what it was divided and which statistic was taken.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from core_time import NETWORKS
from machine import machine_line
from tabulate import tabulate

from edgeslim.companion import lite_python
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.operator_jobs import operator_jobs, reference_operator
from edgeslim.conversion.optimized import fused_graph, optimize
from edgeslim.conversion.prepare import prepare
from edgeslim.execution import Target
from edgeslim.runner.job import Job
from edgeslim.runner.protocol import Sampling

RUN = """
import json, os, sys, time
import numpy as np
import paddlelite.lite as lite
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
given, seconds, out = json.load(open(sys.argv[1])), float(sys.argv[2]), sys.argv[3]
memory = np.ones(64 * 2**20 // 8, np.uint64)

def timed(work):
    had, start = time.thread_time_ns(), time.perf_counter_ns()
    work()
    taken = time.perf_counter_ns() - start
    return taken, time.thread_time_ns() - had

def sweep(mb):
    half, count = (mb << 20) // 16, (mb << 20) // 8
    np.add(memory[:half], 1, out=memory[:half])
    memory[half:count].max()

def load(path, shapes):
    config = lite.MobileConfig()
    config.set_model_from_buffer(open(path, "rb").read())
    predictor = lite.create_paddle_predictor(config)
    arrays = [np.random.default_rng(n).standard_normal(s).astype("f") for n, s in enumerate(shapes)]
    tensors = [predictor.get_input(n) for n in range(len(arrays))]
    feed = lambda: [t.from_numpy(a) for t, a in zip(tensors, arrays)]
    feed()
    predictor.run()
    return predictor.run, feed

reference, _ = load(*given["reference"])
items = [(name, kind, *load(path, shapes)) for name, kind, path, shapes in given["items"]]

def references():
    reference()
    return {"c": [timed(reference) for _ in range(5)],
            "m": [timed(lambda: sweep(8)) for _ in range(3)]}

found, end, turn = [], time.time() + seconds, 0
while time.time() < end:
    for name, kind, run, feed in items[:: 1 if turn % 2 == 0 else -1]:
        row = {"turn": turn, "name": name, "kind": kind, "before": references()}
        run()
        row["hot"] = [timed(run) for _ in range(40 if kind == "operators" else 25)]
        for mb in (8, 64) if kind == "operators" else ():
            row[f"sweep{mb}"], row[f"cold{mb}"] = [], []
            for _ in range(8):
                row[f"sweep{mb}"].append(timed(lambda: sweep(mb)))
                feed()
                row[f"cold{mb}"].append(timed(run))
        row["after"] = references()
        found.append(row)
    turn += 1
json.dump(found, open(out, "w"))
"""

STATISTICS = {
    "median, clock": (0, 0.5),
    "lower quartile, clock": (0, 0.25),
    "median, time on the core": (1, 0.5),
}
"""Which of the two times of a run is taken, and which quantile of them."""


def main(seconds: float) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "given.json").write_text(json.dumps(make_models(folder)))
        subprocess.run(
            [str(lite_python()), "-c", RUN, str(folder / "given.json"), str(seconds),
             str(folder / "found.json")], check=True,
        )  # fmt: skip
        found = json.loads((folder / "found.json").read_text())
    columns = {name: spreads(found, *statistic) for name, statistic in STATISTICS.items()}
    rows = [
        [*key, *(f"{100 * column[key]:.1f} %" for column in columns.values())]
        for key in next(iter(columns.values()))
    ]
    print(tabulate(rows, headers=["", "divided by", *columns], tablefmt="github"), "\n")
    hot = np.array([run for row in found for run in row["hot"]])
    cut = float(np.mean(hot[:, 1] < 0.95 * hot[:, 0]))
    print(f"{found[-1]['turn'] + 1} turns; {cut:.0%} of the runs were interrupted")
    print(machine_line())


def make_models(folder: Path) -> dict[str, Any]:
    model = prepare(find_model("mobilenet-v2"), folder / "model")
    specs = list(dict.fromkeys(node.spec for node in fused_graph(model, Target.X86).nodes))[2::4]
    made = operator_jobs([reference_operator(), *specs], Target.X86, folder, states=(Sampling(),))
    files = [
        [str(job.files[job.entry.model]), [list(own.shape) for own in job.entry.inputs]]
        for job in made
        if isinstance(job, Job)
    ]
    items = [[path, "operators", path, shapes] for path, shapes in files[1:]]
    for name, side in NETWORKS:
        shape = (1, 3, side, side)
        net = prepare(find_model(name), folder / f"{name}-{side}-model", input_shapes={"": shape})
        path = optimize(net, Target.X86, folder / f"{name}-{side}").path
        items.append([f"{name}-{side}", "networks", str(path), [list(shape)]])
    return {"reference": files[0], "items": items}


def spreads(
    found: list[dict[str, Any]], clock: int, quantile: float
) -> dict[tuple[str, str], float]:
    """Spread by state and by what times were divided by, for one statistic."""

    def value(runs: list[list[int]]) -> float:
        return float(np.quantile([run[clock] for run in runs], quantile))

    series: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in found:
        own = series[row["kind"], row["name"]]
        for key in ("hot", "cold8", "cold64", "sweep8", "sweep64"):
            if key in row:
                own[key].append(value(row[key]))
        for key in "cm":
            own[key].append((value(row["before"][key]) + value(row["after"][key])) / 2)
    result: dict[tuple[str, str], list[float]] = defaultdict(list)
    for (kind, _), lists in series.items():
        arrays = {key: np.array(values) for key, values in lists.items()}
        for key in ("c", "m", "sweep8", "sweep64"):
            if key in arrays:
                arrays[key] = arrays[key] / np.median(arrays[key])
        hot, computing = arrays["hot"], arrays["c"]
        result[kind, "computing"].append(spread(hot / computing))
        mixed = computing**0.75 * arrays["m"] ** 0.25
        result[kind, "computing, and to one part in four memory"].append(spread(hot / mixed))
        for mb in (8, 64):
            if f"cold{mb}" not in arrays:
                continue
            cold = arrays[f"cold{mb}"]
            share = float(np.clip(1 - np.median(hot) / np.median(cold), 0, 1))
            both = (1 - share) * computing + share * arrays[f"sweep{mb}"]
            result[f"{kind}, {mb} MB swept", "computing"].append(spread(cold / computing))
            result[f"{kind}, {mb} MB swept", "both, by its hot share"].append(spread(cold / both))
    return {key: float(np.mean(values)) for key, values in result.items()}


def spread(values: np.ndarray[Any, Any]) -> float:
    return float(np.std(np.diff(np.log(values))) / np.sqrt(2))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 170.0)
