"""How well is a device predicted from the table of another one, and few timings of its own?

    .venv/bin/python benchmarks/transfer.py OTHER NEW [two-threads | native | onnxruntime]

OTHER and NEW are tables of two devices with the same networks and their operators, such as
`benchmarks/prediction.py` writes. NEW is made on this machine if it is not there yet: with two
threads, or with the runner in C++ (g++ and Paddle-Lite's wheel), or by ONNX Runtime's profiler
(`EDGESLIM_ONNXRUNTIME_PYTHON` and `EDGESLIM_ONNX_PYTHON` name the Pythons that have it and
paddle2onnx). Of the networks of OTHER a share is measured: `EVERY`. Some
operators of NEW are chosen as `edgeslim profile --like OTHER --budget N` chooses them, and some
networks at random; the other networks are predicted from these and OTHER. Beside it stands the
same without OTHER, and the line through what OTHER predicts (two numbers).
If NEW has no networks, random operators of it are kept, and its other operators are estimated.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from machine import machine_line
from new_devices import NEW_DEVICES
from prediction import HEADERS, figures, named_networks
from tabulate import tabulate

from edgeslim.latency_rows import NetworkRow, OperatorRow
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec
from edgeslim.prediction.curves import Curves
from edgeslim.prediction.family_model import NORMAL_90
from edgeslim.prediction.interpolation import Interpolator
from edgeslim.prediction.network_features import Array
from edgeslim.prediction.predictor import Predictor
from edgeslim.prediction.transfer import Transfer
from edgeslim.prediction.transfer_interpolation import TransferInterpolator
from edgeslim.prediction.transfer_source import TransferSource
from edgeslim.profiling.copied_tables import copy_tables
from edgeslim.profiling.profile_plan import Budget, ProfilePlan
from edgeslim.table_keys import table_key

BUDGETS = ((0, 10), (30, 5), (100, 10))
"""Operators and networks that are measured on the new device."""
KEPT = (30, 60, 150)
"""Operators that are kept of a table without networks."""
SEEDS = range(int(os.environ.get("SEEDS", "5")))
EVERY = int(os.environ.get("EVERY", "1"))
"""One in so many of the other device's networks is measured on the new one."""


def main(other: Path, new: Path, how: str) -> None:
    known = LatencyTable.read(other)
    if not new.exists():
        named = named_networks()
        both = [name for name in named if name in known.networks and ":" not in name]
        NEW_DEVICES[how](new, {name: named[name] for name in both[::EVERY]})
    table = LatencyTable.read(new)
    print(f"from {known.context.execution_text} to {table.context.execution_text}\n")
    if not table.networks:
        report_operators(known, table)
        return
    rows = []
    for operators, networks in BUDGETS:
        found: dict[str, list[tuple[Array, Array, Array]]] = {}
        for seed in SEEDS:
            for name, judged in replay(known, table, operators, networks, seed).items():
                found.setdefault(name, []).append(judged)
        print(f"{operators} operators and {networks} networks are done", file=sys.stderr)
        for name, parts in found.items():
            title = f"{operators} operators, {networks} networks: {name}"
            predicted, measured, inside = map(np.concatenate, zip(*parts, strict=True))
            held = "" if np.isnan(inside).all() else f"{np.nanmean(inside):.0%}"
            rows.append(figures(title, predicted, measured, held))
    print(tabulate(rows, headers=HEADERS, tablefmt="github"), "\n")
    print(machine_line())


def report_operators(other: LatencyTable, new: LatencyTable) -> None:
    """How far estimates of operators are off that were not measured on the new device."""
    curves, elsewhere = Curves.of(new), Curves.of(other)
    keys = {
        table_key(spec, new.context.convention): latencies_ms
        for spec, latencies_ms in elsewhere.latencies_ms.items()
    }
    there = {spec: latencies_ms for spec, latencies_ms in keys.items() if spec is not None}
    source = TransferSource("other", elsewhere.swept_bytes, there)
    transfer = Transfer(source=source, swept_bytes=curves.swept_bytes)
    specs = list(curves.latencies_ms)
    rows = []
    for kept in KEPT:
        errors, weights, inside = [], [], []
        for seed in SEEDS:
            order = np.random.default_rng(seed).permutation(len(specs))
            known = {specs[place]: curves.latencies_ms[specs[place]] for place in order[:kept]}
            others = [specs[place] for place in order[kept:]]
            truth = np.array([curves.latencies_ms[spec] for spec in others])
            both = TransferInterpolator(known, [transfer])
            estimates = both.estimate(others)
            off = np.abs(estimates.latencies_ms / truth - 1).mean(axis=1)
            alone = np.abs(Interpolator(known).estimate(others).latencies_ms / truth - 1)
            errors.append((off.mean(), alone.mean()))
            weights.append(both.device_weights["other"])
            inside.append(np.mean(off < NORMAL_90 * estimates.errors))
        with_other, without = np.mean(errors, axis=0)
        rows.append(
            [
                kept,
                f"{with_other:.1%}",
                f"{without:.1%}",
                *map("{:.0%}".format, map(np.mean, (weights, inside))),
            ]
        )
    print(f"{len(there)} operators of the other device, {len(set(there) & set(specs))} the same\n")
    headers = ["measured", "MAPE", "without the other", "weight of the other", "in 90 % interval"]
    print(tabulate(rows, headers=headers, tablefmt="github"), "\n")
    print(machine_line())


def replay(
    other: LatencyTable, new: LatencyTable, operators: int, networks: int, seed: int
) -> dict[str, tuple[Array, Array, Array]]:
    """Predicted, measured, and whether within the interval, of networks that are not seen."""
    generator = np.random.default_rng(seed)
    names = [name for name in new.networks if name in other.networks]
    seen = [names[index] for index in generator.permutation(len(names))[:networks]]
    judged = [name for name in names if name not in seen]
    latencies_ms = new.network_latencies_ms()
    measured = np.array([latencies_ms[name] for name in judged])
    uses: Counter[OpSpec] = Counter()
    for name in names:
        uses.update(new.networks[name].graph.specs)
    results = {}
    with TemporaryDirectory() as folder:
        for title, likes in (("with the other table", (other.path,)), ("without it", ())):
            if not operators and not likes:
                continue
            path = Path(folder) / f"{bool(likes)}.jsonl"
            table = LatencyTable.open(path, new.context)
            table.add(*copy_tables(likes, new.context, path))
            table.add(*rows_of(new, seen))
            share = {spec: count / len(names) for spec, count in uses.items()}
            plan = ProfilePlan(share, budget=Budget(operators=operators), seed=seed)
            for group in plan.groups(table):
                table.add(*rows_of(new, group))
            predictor = Predictor(table)
            results[title] = predictions(predictor, new, judged, measured)
    own = Predictor(other)
    before = {name: own.predict(other.networks[name].graph.specs).total_ms for name in names}
    x, y = (np.array([values[name] for name in seen]) for values in (before, latencies_ms))
    slope = np.polyfit(x, y, 1, w=1 / y)
    line = np.polyval(slope, np.array([before[name] for name in judged]))
    return {**results, "a line": (line, measured, np.full(len(judged), np.nan))}


def rows_of(
    table: LatencyTable, wanted: list[OpSpec] | list[str]
) -> list[OperatorRow | NetworkRow]:
    """Rows of some operators or networks."""
    chosen = set(wanted)
    return [
        row
        for row in table.rows
        if (row.operator if isinstance(row, OperatorRow) else row.name) in chosen
    ]


def predictions(
    predictor: Predictor, new: LatencyTable, judged: list[str], measured: Array
) -> tuple[Array, Array, Array]:
    found = [predictor.predict(new.networks[name].graph.specs) for name in judged]
    inside = [
        np.nan if each.interval_ms is None else np.clip(latency, *each.interval_ms) == latency
        for each, latency in zip(found, measured, strict=True)
    ]
    return np.array([each.total_ms for each in found]), measured, np.array(inside, np.float64)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), (sys.argv[3:] or ["two-threads"])[0])
