"""How far are predictions from whole networks on this machine that the fit has not seen?

    .venv/bin/python benchmarks/prediction.py [TABLE [--judge]]

Measures seventy networks of eight families and every operator of them, in turns, and ten
other networks that the fit sees. Then predicts the seventy from the table: with every
operator in it, and replayed with budgets of 400, 200 and 100 operators, chosen as
`edgeslim profile --budget` does and at random. Baselines: a regression on MACs, a line
(two numbers) through the sum of operators timed hot, that sum itself, the sum of
operators timed hot, and the sum at the default reuse distance, uncalibrated.
A table given, and there, is gone on with; takes about twenty minutes on a quiet machine.
With --judge nothing more is measured: the table's networks are judged, however many they are.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from machine import machine_line
from tabulate import tabulate

from edgeslim.cli.progress import terminal_progress
from edgeslim.conversion.operator_jobs import null_operator
from edgeslim.conversion.prepare import prepare_layer
from edgeslim.execution import Target
from edgeslim.latency_table import LatencyTable
from edgeslim.measuring.device_session import DeviceSession, open_device
from edgeslim.measuring.drift import DriftWatch
from edgeslim.measuring.networks import OptimizedNetwork, measure_networks
from edgeslim.ops import macs
from edgeslim.opspec import OpSpec
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.prediction.calibration import UNCALIBRATED
from edgeslim.prediction.curves import Curves
from edgeslim.prediction.network_features import Array
from edgeslim.prediction.predictor import Predictor
from edgeslim.profiling.operators import measure_operators
from edgeslim.profiling.profile_plan import ProfilePlan
from edgeslim.profiling.selection import select_operators
from edgeslim.profiling.workload import optimize_networks
from edgeslim.targets import Place

if TYPE_CHECKING:
    from network_families import Network

TURNS = 6
BUDGETS = (100, 200, 400)
SEEDS = (0, 1, 2)
FITTED = "fitted: "


def main(path: Path, *, judge_only: bool) -> None:
    if judge_only:
        table = LatencyTable.read(path)
    else:
        session = open_device("host")
        table = LatencyTable.open(path, session.context())
        named = named_networks()
        if not complete(table, list(named)):
            with TemporaryDirectory() as scratch:
                measure(session, table, built(named, Path(scratch)))
    judged = [name for name in table.networks if not name.startswith(FITTED)]
    truth = np.array([table.network_latencies_ms()[name] for name in judged])
    report_all(table, judged, truth)
    report_budgets(table, judged, truth)
    print(machine_line())


def named_networks() -> dict[str, Network]:
    """All networks; those that the fit sees are called so."""
    load_paddle()
    from network_families import networks, telling_networks

    fitted = {FITTED + network.name: network for network in telling_networks()}
    return {network.name: network for network in networks()} | fitted


def complete(table: LatencyTable, names: Sequence[str]) -> bool:
    """Whether nothing is left to be measured."""
    known = [table.networks[name] for name in names if name in table.networks]
    specs = {spec for row in known for spec in row.graph.specs}
    return len(known) == len(names) and all(spec in table for spec in specs)


def built(named: dict[str, Network], folder: Path) -> list[OptimizedNetwork]:
    """All networks, ready for this machine."""
    prepared = []
    with terminal_progress().stage("networks built", len(named)) as stage:
        for index, (name, network) in enumerate(named.items()):
            shape = (1, 3, network.side, network.side)
            model = prepare_layer(network.build(), shape, folder / str(index), name=name)
            prepared.append(model)
            stage.advance()
    return list(optimize_networks(prepared, Place.of(Target.X86), folder))


def measure(
    session: DeviceSession, table: LatencyTable, networks: Sequence[OptimizedNetwork]
) -> None:
    """Networks and operators in turns, so that the same hours of the machine are in both."""
    watch, progress = DriftWatch(session), terminal_progress()
    specs = list(dict.fromkeys(spec for each in networks for spec in each.graph.specs))
    order = np.random.default_rng(0).permutation(len(specs))
    for turn in range(TURNS):
        part = [specs[index] for index in order[turn::TURNS]]
        plan = ProfilePlan(dict.fromkeys(part, 1.0))
        if not plan.size(table):
            continue
        measured = measure_networks(watch, networks, rounds=1, seconds=0.2, progress=progress)
        counts = measure_operators(session, watch, table, plan, progress=progress)
        assert not counts.failed, counts.failed
        table.add(*measured.rows(networks))


def report_all(table: LatencyTable, judged: Sequence[str], truth: Array) -> None:
    """Every operator measured: the errors, by family, and beside the baselines."""
    predictor = Predictor(table, without=set(judged))
    graphs = [table.networks[name].graph for name in judged]
    predictions = [predictor.predict(graph.specs) for graph in graphs]
    predicted = np.array([each.total_ms for each in predictions])
    inside = np.array(
        [
            each.interval_ms is not None and each.interval_ms[0] <= latency <= each.interval_ms[1]
            for each, latency in zip(predictions, truth, strict=True)
        ]
    )
    sums = predictor.rows.layout.networks(
        np.array([predictor.rows.of(graph.specs).sum(axis=0) for graph in graphs])
    )
    work = np.array([macs(graph.specs) for graph in graphs], np.float64)
    fitted = [name for name in table.networks if name.startswith(FITTED)]
    seen = np.array([table.network_latencies_ms()[name] for name in fitted])
    seen_work = np.array([macs(table.networks[name].graph.specs) for name in fitted], np.float64)
    slope = np.polyfit(seen_work, seen, 1, w=1 / seen)
    rows_of = predictor.rows.of
    seen_hot = predictor.rows.layout.networks(
        np.array([rows_of(table.networks[name].graph.specs).sum(axis=0) for name in fitted])
    ).totals_ms[:, 0]
    line = np.polyfit(seen_hot, seen, 1, w=1 / seen)
    rows = [
        figures("edgeslim", predicted, truth, f"{inside.mean():.0%}"),
        figures("regression on MACs", np.polyval(slope, work), truth),
        figures("line through hot sum", np.polyval(line, sums.totals_ms[:, 0]), truth),
        figures("hot sum", sums.totals_ms[:, 0], truth),
        figures("sum, not calibrated", UNCALIBRATED.model.latencies_ms(sums), truth),
    ]
    print(tabulate(rows, headers=HEADERS, tablefmt="github"), "\n")
    families = Counter(name.rpartition("-")[0] for name in judged)
    for family in dict.fromkeys(name.rstrip("0123456789.").rstrip("-") for name in judged):
        of = np.array([name.startswith(family) for name in judged])
        families[family] = int(of.sum())
    rows = [
        figures(f"{family} ({count})", predicted[of], truth[of], f"{inside[of].mean():.0%}")
        for family, count in families.items()
        for of in [np.array([name.startswith(family + "-") for name in judged])]
        if of.any()
    ]
    print(tabulate(rows, headers=HEADERS, tablefmt="github"), "\n")
    print("worst:", ", ".join(
        f"{judged[i]} {predicted[i] / truth[i] - 1:+.1%}"
        for i in np.argsort(-np.abs(predicted / truth - 1))[:5]
    ))  # fmt: skip
    print(f"fitted on {len(fitted)} other networks: {predictor.calibration.model}\n")


HEADERS = ["", "MAPE", "bias", "worst", "within 5 %", "within 10 %", "in 90 % interval"]


def figures(name: str, predicted: Array, truth: Array, inside: str = "") -> list[str]:
    errors = predicted / truth - 1
    sizes = np.abs(errors)
    return [
        name,
        f"{100 * sizes.mean():.1f} %",
        f"{100 * errors.mean():+.1f} %",
        f"{100 * sizes.max():.1f} %",
        f"{(sizes <= 0.05).mean():.0%}",
        f"{(sizes <= 0.10).mean():.0%}",
        inside,
    ]


def report_budgets(table: LatencyTable, judged: Sequence[str], truth: Array) -> None:
    """The same from fewer operators, and ten whole networks as before."""
    names = list(table.networks)
    uses: Counter[OpSpec] = Counter()
    for name in names:
        uses.update(table.networks[name].graph.specs)
    shares = {spec: count / len(names) for spec, count in uses.items()}
    known = Curves.of(table).latencies_ms
    rows = []
    for how, chosen in (("adaptive", adaptive), ("random", at_random)):
        for budget in BUDGETS:
            errors, inside = [], []
            for seed in SEEDS:
                only = chosen(shares, known, budget, seed)
                predictor = Predictor(table, without=set(judged), only=only)
                for name, latency in zip(judged, truth, strict=True):
                    prediction = predictor.predict(table.networks[name].graph.specs)
                    errors.append(prediction.total_ms / latency - 1)
                    low, high = prediction.interval_ms or (0.0, 0.0)
                    inside.append(low <= latency <= high)
            predicted = 1 + np.array(errors)
            rows.append(
                figures(
                    f"{budget} operators, {how}",
                    predicted,
                    np.ones(predicted.size),
                    f"{np.mean(inside):.0%}",
                )
            )
    print(f"of {len(shares)} operators, mean over {len(SEEDS)} seeds:\n")
    print(tabulate(rows, headers=HEADERS, tablefmt="github"), "\n")


Choice = Callable[[dict[OpSpec, float], dict[OpSpec, Array], int, int], set[OpSpec]]


def adaptive(
    uses: dict[OpSpec, float], known: dict[OpSpec, Array], budget: int, seed: int
) -> set[OpSpec]:
    """What `edgeslim profile --budget` measures, replayed."""
    generator = np.random.default_rng(seed)
    have: dict[OpSpec, Array] = {null_operator(): known[null_operator()]}
    for step in [16, 32, *[48] * budget]:
        count = min(step, budget + 1 - len(have))
        if not count:
            break
        for spec in select_operators(uses, have, count, generator=generator):
            have[spec] = known[spec]
    return set(have)


def at_random(
    uses: dict[OpSpec, float], known: dict[OpSpec, Array], budget: int, seed: int
) -> set[OpSpec]:
    """As many at random."""
    specs = [spec for spec in uses if spec in known]
    chosen = np.random.default_rng(seed).permutation(len(specs))[:budget]
    return {specs[index] for index in chosen}


if __name__ == "__main__":
    given = sys.argv[1:2] or ["runs/benchmark-prediction.jsonl"]
    main(Path(*given), judge_only="--judge" in sys.argv)
