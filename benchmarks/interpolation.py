"""How well are operators predicted that were not measured, and which are worth measuring?

    .venv/bin/python benchmarks/interpolation.py [TABLE]

TABLE is a latency table, or PaddleSlim's text of convolutions in microseconds; by default
the imported one of the Snapdragon 855. A random part of it is kept and the rest predicted,
beside a tree ensemble and a regression on multiply-accumulates. Then the table is measured
again in replay, operators chosen adaptively and at random, and sums of random operators are
predicted, or with the name of a space after the table, such as ``light-nas``, the operators
of its random networks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from machine import machine_line
from tabulate import tabulate

from edgeslim.execution import Target
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import Attributes, OpSpec, Shapes
from edgeslim.prediction.interpolation import Interpolator
from edgeslim.prediction.operator_features import operator_features
from edgeslim.profiling.selection import select_operators
from edgeslim.spaces import SPACES

Array = np.ndarray[Any, np.dtype[np.float64]]
Table = dict[OpSpec, Array]

IMPORTED = Path(__file__).parents[1] / "latency_tables" / "snapdragon-855"
SEEDS = 10
REPLAYS = 5
BATCH = 50


def main(path: Path, space: str | None) -> None:
    table = read(path)
    print(f"{path.name}: {len(table)} operators\n")
    print(tabulate(kept_rows(table), headers=KEPT_HEADERS, tablefmt="github"))
    rows, below = replay_rows(table, networks(table, space))
    print(f"\nreplay, {REPLAYS} seeds, batches of {BATCH}; networks: {space or 'random sums'}\n")
    print(tabulate(rows, headers=REPLAY_HEADERS, tablefmt="github"))
    print(f"\nadaptive below random everywhere: {'yes' if below else 'NO'}")
    print(machine_line())
    sys.exit(not below)


# --- Reading ---------------------------------------------------------------------------------


def read(path: Path) -> Table:
    """Operators with their latencies in the cache states that all have."""
    if path.is_dir():
        (path,) = path.glob("*.jsonl")
    if path.suffix != ".jsonl":
        rows = [line.split("\t") for line in path.read_text().splitlines()[1:]]
        return {bare_convolution(key): np.array([float(us) / 1e3]) for key, us in rows}
    latencies = LatencyTable.read(path).latencies_ms()
    states = sorted(set.intersection(*(set(each) for each in latencies.values())), key=str)
    return {
        spec: np.array([each[state] for state in states])
        for spec, each in latencies.items()
        if spec.weight_bytes or spec.input_bytes > 4  # not the one that does nothing
    }


def bare_convolution(key: str) -> OpSpec:
    """The operator of ``conv,bias,relu,n,c_in,h,w,c_out,groups,kernel,pad,stride,dilation``."""
    _, _, n, c_in, h, w, c_out, groups, kernel, pad, stride, dilation = map(int, key.split(",")[1:])
    places = [(side + 2 * pad - dilation * (kernel - 1) - 1) // stride + 1 for side in (h, w)]
    return OpSpec(
        kind="conv2d" if groups == 1 else "depthwise_conv2d",
        inputs=Shapes(Input=((n, c_in, h, w),)),
        weights=Shapes(Filter=((c_out, c_in // groups, kernel, kernel),)),
        outputs=Shapes(Output=((n, c_out, *places),)),
        attributes=Attributes(
            strides=(stride,) * 2, paddings=(pad,) * 4, dilations=(dilation,) * 2, groups=groups
        ),
    )


def networks(table: Table, name: str | None, count: int = 300) -> Array:
    """How often random networks have each operator, ``(networks, operators)``."""
    generator = np.random.default_rng(1)
    index = {spec: column for column, spec in enumerate(table)}
    counts = np.zeros((count, len(table)))
    space = None if name is None else SPACES.get(name).space()
    for row in counts:
        if space is None:
            np.add.at(row, generator.integers(len(table), size=25), 1)
            continue
        tokens = tuple(int(generator.integers(size)) for size in space.ranges)
        for spec in space.operators(tokens, Target.X86):
            if spec in index:
                row[index[spec]] += 1
    return counts


# --- A random part kept ----------------------------------------------------------------------

KEPT_HEADERS = ["kept", "method", "MAPE", "median error", "within 10 %", "in 90 % interval"]


def kept_rows(table: Table) -> list[list[str]]:
    specs, truth = list(table), np.array(list(table.values()))
    rows = []
    for share in (0.10, 0.25, 0.50, 0.80):
        found: dict[str, list[tuple[float, ...]]] = {}
        for seed in range(SEEDS):
            kept = np.random.default_rng(seed).permutation(len(specs)) < share * len(specs)
            for name, method in METHODS.items():
                predicted, errors = method(specs, truth, kept)
                known = np.isfinite(predicted).all(1) & ~kept
                off = np.abs(predicted / truth - 1)[known]
                ratio = np.abs(np.log(predicted / truth))[known] / errors[known, None]
                found.setdefault(name, []).append(
                    (off.mean(), np.median(off), (off < 0.1).mean(), (ratio < 1.645).mean())
                )
        for name, each in found.items():
            mape, median, within, inside = np.mean(each, axis=0)
            interval = f"{inside:.0%}" if name == "edgeslim" else "-"
            rows.append(
                [f"{share:.0%}", name, f"{mape:.1%}", f"{median:.1%}", f"{within:.0%}", interval]
            )
    return rows


def interpolated(specs: list[OpSpec], truth: Array, kept: Array) -> tuple[Array, Array]:
    known = {specs[row]: truth[row] for row in np.flatnonzero(kept)}
    found = Interpolator(known).estimate(specs)
    return found.latencies_ms, np.where(kept, np.nan, found.errors)


def tree_ensemble(specs: list[OpSpec], truth: Array, kept: Array) -> tuple[Array, Array]:
    from sklearn.ensemble import ExtraTreesRegressor

    features = operator_features(specs)
    depthwise = [[family == "depthwise convolution"] for family in features.families]
    kinds = [[sorted(set(features.families)).index(family)] for family in features.families]
    kernels = [[max(spec.weights.get("Filter", ((1, 1, 1, 1),))[0][2:])] for spec in specs]
    inputs = np.hstack(
        [features.extents, features.costs[:, [1, 5, 6, 7]], depthwise, kinds, kernels]
    )
    trees = ExtraTreesRegressor(300, random_state=0, n_jobs=1)
    trees.fit(inputs[kept], np.log(truth[kept]).squeeze())  # one state must be flat
    predicted = np.exp(trees.predict(inputs)).reshape(truth.shape)
    return predicted, np.full(len(specs), np.nan)


def macs_regression(specs: list[OpSpec], truth: Array, kept: Array) -> tuple[Array, Array]:
    work = operator_features(specs).costs[:, :2]
    weighted = work[kept] / truth[kept].mean(1, keepdims=True)
    slope = np.linalg.lstsq(weighted, truth[kept] / truth[kept].mean(1, keepdims=True), rcond=None)
    return work @ slope[0], np.full(len(specs), np.nan)


METHODS: dict[str, Callable[[list[OpSpec], Array, Array], tuple[Array, Array]]] = {
    "edgeslim": interpolated,
    "ExtraTrees": tree_ensemble,
    "MACs regression": macs_regression,
}


# --- Replay ----------------------------------------------------------------------------------

REPLAY_HEADERS = ["budget", "chosen", "error of networks' sums", "error of operators, by use"]


def replay_rows(table: Table, counts: Array) -> tuple[list[list[str]], bool]:
    rows, below = [], True
    budgets = [budget for budget in (100, 200, 400) if budget < len(table)]
    curves = {
        name: np.mean(
            [replay(table, counts, chooser, budgets, seed) for seed in range(REPLAYS)], axis=0
        )
        for name, chooser in CHOOSERS.items()
    }
    for row, budget in enumerate(budgets):
        for name, curve in curves.items():
            rows.append([budget, name, *(f"{each:.2%}" for each in curve[row])])
        below &= bool((curves["adaptively"][row] < curves["at random"][row]).all())
    return rows, below


def replay(
    table: Table, counts: Array, chooser: Chooser, budgets: list[int], seed: int
) -> list[tuple[float, float]]:
    generator = np.random.default_rng(seed)
    uses = dict(zip(table, counts.mean(0), strict=True))
    known: Table = {}
    found = []
    for budget in budgets:
        while len(known) < budget:
            chosen = chooser(uses, known, min(BATCH, budget - len(known)), generator)
            known |= {spec: table[spec] for spec in chosen}
        found.append(judged(table, counts, known))
    return found


def judged(table: Table, counts: Array, known: Table) -> tuple[float, float]:
    """Error of networks' sums, and of operators by their use; one unknown counts as 0."""
    truth = np.array(list(table.values()))
    predicted = np.nan_to_num(Interpolator(known).estimate(list(table)).latencies_ms)
    sums = np.abs(counts @ predicted / (counts @ truth) - 1).mean()
    uses = counts.mean(0) / counts.mean(0).sum()
    return float(sums), float((uses @ np.abs(predicted / truth - 1)).mean())


def adaptively(
    uses: Mapping[OpSpec, float], known: Table, count: int, generator: np.random.Generator
) -> list[OpSpec]:
    return select_operators(uses, known, count, generator=generator)


def at_random(
    uses: Mapping[OpSpec, float], known: Table, count: int, generator: np.random.Generator
) -> list[OpSpec]:
    rest = [spec for spec in uses if spec not in known]
    return [rest[index] for index in generator.permutation(len(rest))[:count]]


Chooser = Callable[[Mapping[OpSpec, float], Table, int, np.random.Generator], list[OpSpec]]
CHOOSERS: dict[str, Chooser] = {"adaptively": adaptively, "at random": at_random}


if __name__ == "__main__":
    main(
        Path(sys.argv[1]) if len(sys.argv) > 1 else IMPORTED,
        sys.argv[2] if len(sys.argv) > 2 else None,
    )
