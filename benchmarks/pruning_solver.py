"""How fast is the exact choice of widths, and what do others lose at the same latency?

    .venv/bin/python benchmarks/pruning_solver.py [--seeds N] [--highs SECONDS] [PROBLEM.npz ...]

Problems are made up like ResNet50, MobileNetV2 and DenseNet (``pruning_problems.py``), or
read from files that its ``save_problem`` wrote. Each is solved for five budgets, by us and by
HiGHS in turns, and by two ways that are not exact (``pruning_rivals.py``). Seconds are those of
the processor, so that other programs do not count; HiGHS is stopped by the clock, though.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from machine import machine_line
from pruning_problems import NETWORKS, load_problem
from pruning_rivals import Plan, greedy, highs, knapsack

from edgeslim.pruning.solver import ChoiceProblem, OverBudgetError, solve

SHARES = (0.9, 0.75, 0.5, 0.35, 0.25)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("problems", nargs="*", type=Path, metavar="PROBLEM.npz")
    arguments.add_argument("--seeds", type=int, default=2, help="made-up problems of each kind")
    arguments.add_argument("--highs", type=float, default=60.0, help="seconds each; 0: left out")
    options = arguments.parse_args()
    if options.problems:
        problems = {path.stem: load_problem(path) for path in options.problems}
    else:
        problems = {
            f"{name}, {'wild' if wild else 'smooth'}, {seed}": make(seed, wild=wild)
            for name, make in NETWORKS.items()
            for wild in (False, True)
            for seed in range(options.seeds)
        }
    print(
        f"{'problem':24} budget    loss  proved gap  seconds  HiGHS s (ratio)  its loss  its gap"
        "   greedy  knapsack of 1, 10, 30 steps (loss beside ours)"
    )
    seconds: list[float] = []
    for name, problem in problems.items():
        full = problem.cost([len(losses) - 1 for losses in problem.losses])
        for share in SHARES:
            seconds += row(name, problem, share, share * full, options.highs)
    if seconds:
        print(f"ours: median {np.median(seconds):.3f} s, longest {max(seconds):.3f} s")
    print(machine_line())


def row(
    name: str, problem: ChoiceProblem, share: float, budget: float, highs_s: float
) -> list[float]:
    """Prints one; returns how long ours took: the shorter of two, one before HiGHS, one after."""
    start = time.process_time()
    try:
        solution = solve(problem, budget)
    except OverBudgetError as error:
        print(f"{name:24} {share:6.0%}  {error}")
        return []
    ours_s = time.process_time() - start
    theirs = f"{'-':>7}"
    if highs_s:
        start = time.process_time()
        found, bound = highs(problem, budget, highs_s)
        theirs_s = time.process_time() - start
        start = time.process_time()
        assert solve(problem, budget) == solution
        ours_s = min(ours_s, time.process_time() - start)
        gap = (found - bound) / found if 0 < found < math.inf else 0.0
        theirs = (
            f"{theirs_s:7.2f} ({theirs_s / ours_s:5.0f}) {beside(found, solution.loss):>9} "
            f"{gap:8.1e}"
        )
    gap = (solution.loss - solution.bound) / solution.loss if solution.loss else 0.0
    ways = [greedy, *(partial(knapsack, steps=steps) for steps in (1, 10, 30))]
    others = [lost(problem, budget, way, solution.loss) for way in ways]
    print(
        f"{name:24} {share:6.0%} {solution.loss:7.4f} {gap:11.1e} {ours_s:8.3f} {theirs} "
        f"  {'  '.join(f'{each:>7}' for each in others)}",
        flush=True,
    )
    return [ours_s]


def lost(
    problem: ChoiceProblem, budget: float, way: Callable[[ChoiceProblem, float], Plan], best: float
) -> str:
    try:
        plan = way(problem, budget)
    except OverBudgetError:
        return "over"
    assert problem.cost(plan) <= budget
    return beside(problem.loss(plan), best)


def beside(loss: float, best: float) -> str:
    if loss == math.inf:
        return "none"
    return f"{loss / best:.3f}x" if best else f"{loss:.4f}"


if __name__ == "__main__":
    main()
