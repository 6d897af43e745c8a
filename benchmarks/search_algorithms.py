"""How many evaluations does each search algorithm need, beside the original annealing?

    .venv/bin/python benchmarks/search_algorithms.py [--seeds N] [--cap N] [--plot FILE] [NAME ...]

The BlazeFace space on the Snapdragon 855 table that edgeslim brings, multiply-accumulates
taken for the accuracy, divided by those of the largest network. The space is predicted whole,
so the best under each limit is known. Evaluations to 99 %: how many networks were evaluated,
the start and broken ones among them, until one within the limit had 99 % of the optimum; more
than the cap where none had. A search ends there, so the share after more evaluations is at
least the one printed. The rival is PaddleSlim 1.x's search, in its two versions: a
candidate over the limit is replaced by another change of the current vector (Paddle 1.5), or
changed further from the lightest so far (Paddle 1.8); after a hundred tries it is trained all
the same, for a reward of nought. It forgets what it evaluated. NAME: algorithms, if not all.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from machine import machine_line
from tabulate import tabulate

from edgeslim.algorithms import ALGORITHMS, Problem
from edgeslim.execution import Target
from edgeslim.latency_table import LatencyTable
from edgeslim.prediction.population import PopulationPredictor
from edgeslim.prediction.population_sizes import PopulationSizes
from edgeslim.prediction.predictor import Predictor
from edgeslim.searching.limits import LatencyLimit, SearchLimits, feasible_start
from edgeslim.spaces import SPACES, Space, Tokens

Array = np.ndarray[Any, np.dtype[np.float64]]

TABLE = Path(__file__).parents[1] / "latency_tables" / "snapdragon-855" / "latency_855.jsonl"
LIMITS_MS = (10.0, 15.0, 20.0, 30.0, 40.0)
ENOUGH = 0.99
SLOW_CAPS = {"tpe": 100}
"""Optuna takes a tenth of a second for each proposal."""
CHUNK = 200_000


@dataclass(kw_only=True)
class Task:
    """A limit, and what is known of all networks."""

    limits: SearchLimits
    population: PopulationPredictor
    largest: float
    optimum: float
    start: Tokens
    checked: int = 0
    proposed: int = 0
    broken: int = 0

    @property
    def target_ms(self) -> float:
        return self.limits.latencies[0].target_ms

    def feasible(self, population: Sequence[Tokens]) -> np.ndarray[Any, np.dtype[np.bool_]]:
        self.checked += len(population)
        return self.limits.are_met(population)

    def costs(self, population: Sequence[Tokens]) -> Array:
        return self.limits.costs(population)[:, :1]

    def judged(self, tokens: Tokens) -> tuple[float, float]:
        """Latency, and share of the largest network's operations."""
        latencies_ms, macs = self.population.latencies_and_macs(np.array([tokens], np.int64))
        return float(latencies_ms[0]), float(macs[0]) / self.largest


@dataclass
class Curve:
    """Best share of the optimum after each evaluation."""

    shares: list[float] = field(default_factory=list)

    def add(self, share: float) -> bool:
        self.shares.append(max(share, self.shares[-1] if self.shares else 0.0))
        return self.shares[-1] >= ENOUGH

    def evaluations(self) -> float:
        return len(self.shares) if self.shares[-1] >= ENOUGH else math.inf

    def at(self, count: int) -> float:
        return self.shares[min(count, len(self.shares)) - 1]


def ours(name: str, task: Task, seed: int, cap: int) -> Curve:
    algorithm = ALGORITHMS.get(name)(
        Problem(
            ranges=task.limits.space.ranges,
            start=task.start,
            feasible=task.feasible,
            costs=task.costs,
            generator=np.random.default_rng(seed),
        )
    )
    curve, tokens = Curve(), task.start
    while True:
        latency_ms, reward = task.judged(tokens)
        task.proposed += 1
        task.broken += latency_ms > task.target_ms
        if curve.add(reward / task.optimum) or len(curve.shares) == cap:
            return curve
        algorithm.tell(tokens, reward)
        following = algorithm.ask()
        if following is None:
            return curve
        tokens = following


def original(task: Task, seed: int, cap: int, *, onwards: bool) -> Curve:
    """PaddleSlim 1.x's: ``onwards`` changes a broken candidate further, as Paddle 1.8 did."""
    generator, ranges = np.random.default_rng(seed), task.limits.space.ranges
    movable = [place for place, size in enumerate(ranges) if size > 1]

    def changed(tokens: Tokens) -> Tokens:
        place = int(generator.choice(movable))
        value = (tokens[place] + int(generator.integers(1, ranges[place]))) % ranges[place]
        return (*tokens[:place], value, *tokens[place + 1 :])

    curve, current, current_reward, candidate = Curve(), task.start, -1.0, task.start
    for step in range(1, cap + 1):
        lightest, (latency_ms, reward) = candidate, task.judged(candidate)
        first = reward
        for _ in range(100):
            if latency_ms <= task.target_ms:
                break
            lightest = candidate if reward < first else lightest
            candidate = changed(lightest if onwards else current)
            latency_ms, reward = task.judged(candidate)
        task.proposed += 1
        task.broken += latency_ms > task.target_ms
        reward = reward if latency_ms <= task.target_ms else 0.0
        if curve.add(reward / task.optimum):
            break
        temperature = max(10.24 * 0.85**step, 1e-12)
        chance = math.exp(min(0.0, (reward - current_reward) / temperature))
        if reward > current_reward or generator.random() <= chance:
            current, current_reward = candidate, reward
        candidate = changed(current)
    return curve


Search = Callable[[Task, int, int], Curve]


def rivals() -> dict[str, Search]:
    return {
        "original, Paddle 1.5": lambda *args: original(*args, onwards=False),
        "original, Paddle 1.8": lambda *args: original(*args, onwards=True),
    }


def our_search(name: str) -> Search:
    return lambda *args: ours(name, *args)


def tasks(space: Space, population: PopulationPredictor) -> list[Task]:
    """One for each limit, with the optimum among all networks."""
    size, largest, best = math.prod(space.ranges), 0.0, dict.fromkeys(LIMITS_MS, 0.0)
    for first in range(0, size, CHUNK):
        indices = np.arange(first, min(first + CHUNK, size))
        tokens = np.stack(np.unravel_index(indices, space.ranges), axis=1)
        latencies_ms, macs = population.latencies_and_macs(tokens)
        largest = max(largest, float(macs.max()))
        for ms in LIMITS_MS:
            best[ms] = max(best[ms], float(macs[latencies_ms <= ms].max(initial=0.0)))
    found, sizes = [], PopulationSizes(space, Target.ARM)
    for ms in LIMITS_MS:
        limit = LatencyLimit(device="the phone", predictor=population, target_ms=ms, confidence=0.5)
        limits = SearchLimits(space=space, latencies=(limit,), sizes=sizes)
        optimum = best[ms] / largest
        found.append(
            Task(
                limits=limits,
                population=population,
                largest=largest,
                optimum=optimum,
                start=feasible_start(limits, 0),
            )
        )
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("names", nargs="*", metavar="NAME")
    arguments.add_argument("--seeds", type=int, default=10)
    arguments.add_argument("--cap", type=int, default=1000, help="evaluations of each search")
    arguments.add_argument("--plot", type=Path, help="where to draw the curves")
    options = arguments.parse_args()
    space = SPACES.get("blazeface").space()
    population = PopulationPredictor(Predictor(LatencyTable.read(TABLE)), space)
    every = tasks(space, population)
    searches = rivals() | {name: our_search(name) for name in options.names or ALGORITHMS.names()}
    rows, costs, curves = [], [], {}
    for name, search in searches.items():
        cap = min(options.cap, SLOW_CAPS.get(name, options.cap))
        for task in every:
            task.checked = task.proposed = task.broken = 0
            start_s = time.process_time()
            found = [search(task, seed, cap) for seed in range(options.seeds)]
            took_s = time.process_time() - start_s
            curves[name, task.target_ms] = found
            rows.append([name, *row(task, found, cap)])
            costs.append([name, *cost(task, took_s)])
        print(tabulate(rows[-len(every) :], tablefmt="plain"), flush=True)
    print()
    print(tabulate(rows, headers=HEADERS, tablefmt="github"))
    print()
    print(tabulate(costs, headers=COST_HEADERS, tablefmt="github"))
    if options.plot:
        draw(curves, options.plot)
    print(machine_line())


HEADERS = [
    "search", "limit", "start", "evaluations to 99 %: median", "least", "most", "not reached",
    "optimum's share after 30", "after 100",
]  # fmt: skip


def row(task: Task, found: list[Curve], cap: int) -> list[str]:
    counts = sorted(curve.evaluations() for curve in found)
    start = found[0].at(1)

    def said(count: float) -> str:
        return f"{count:.0f}" if count < math.inf else f"> {cap}"

    return [
        f"{task.target_ms:.0f} ms",
        f"{start:.1%}",
        *map(said, (float(np.median(counts)), counts[0], counts[-1])),
        f"{sum(count == math.inf for count in counts)} of {len(counts)}",
        *(f"{np.median([curve.at(count) for curve in found]):.1%}" for count in (30, 100)),
    ]


COST_HEADERS = [
    "search", "limit", "ms a proposal", "predicted candidates a proposal", "a second",
    "infeasible proposals",
]  # fmt: skip


def cost(task: Task, took_s: float) -> list[str]:
    each = task.checked / task.proposed
    return [
        f"{task.target_ms:.0f} ms",
        f"{1e3 * took_s / task.proposed:.1f}",
        f"{each:,.0f}" if each else "-",
        f"{task.checked / took_s:,.0f}" if each else "-",
        f"{task.broken / task.proposed:.1%}",
    ]


def draw(curves: dict[tuple[str, float], list[Curve]], path: Path) -> None:
    """The median share of the optimum over evaluations, one panel a limit."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, len(LIMITS_MS), figsize=(20, 4), sharey=True)
    for panel, limit_ms in zip(panels, LIMITS_MS, strict=True):
        for (name, ms), found in curves.items():
            if ms == limit_ms:
                longest = max(len(curve.shares) for curve in found)
                medians = [np.median([c.at(n) for c in found]) for n in range(1, longest + 1)]
                panel.plot(range(1, longest + 1), medians, label=name)
        panel.axhline(ENOUGH, color="gray", linewidth=0.5)
        panel.set(title=f"{limit_ms:.0f} ms", xscale="log", xlabel="networks evaluated")
    panels[0].set_ylabel("share of the optimum (median)")
    panels[-1].legend(fontsize="small")
    figure.tight_layout()
    figure.savefig(path)


if __name__ == "__main__":
    main()
