"""Problems of all shapes, and two other ways to solve them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from edgeslim.pruning.solver import ChoiceProblem, Factor, SumFactor

SHAPES = ("chain", "tree", "loop", "sums", "anything")


def made_up(
    shape: str, seed: int, *, groups: int = 5, most: int = 4, whole: bool = False
) -> ChoiceProblem:
    """A problem; with ``whole`` numbers many plans are equally good."""
    rng = np.random.default_rng([seed, SHAPES.index(shape)])
    sizes = rng.integers(1, most + 1, groups)

    def numbers(*extents: int) -> np.ndarray:
        if whole:
            return rng.integers(0, 4, extents).astype(np.float64)
        return rng.uniform(0, 1, extents) * rng.choice([0.1, 1.0, 3.0])

    def factor(*variables: int) -> Factor:
        return Factor(variables=variables, costs=numbers(*sizes[list(variables)]))

    factors = [factor(variable) for variable in range(groups) if rng.random() < 0.5]
    sums: list[SumFactor] = []
    if shape == "chain":
        factors += [factor(variable, variable + 1) for variable in range(groups - 1)]
    elif shape == "tree":
        factors += [factor(int(rng.integers(each)), each) for each in range(1, groups)]
    elif shape == "loop":
        # A residual width with both inner widths of each block, as in ResNet50.
        for first in range(1, groups - 1, 2):
            factors += [factor(0, first), factor(first, first + 1), factor(first + 1, 0)]
    elif shape == "sums":
        sums = [_sum(rng, sizes, tuple(range(last)), last, numbers) for last in range(2, groups)]
        sums.append(_sum(rng, sizes, (0, 1, 0), None, numbers))
    else:
        for _ in range(groups):
            scope = rng.permutation(groups)[: rng.integers(1, 4)]
            factors.append(factor(*map(int, scope)))
        parts = tuple(map(int, rng.integers(groups, size=3)))
        sums.append(_sum(rng, sizes, parts, int(rng.integers(groups)), numbers))
    return ChoiceProblem(
        losses=tuple(numbers(size) for size in sizes),
        factors=tuple(factors),
        sums=tuple(sums),
        constant=float(numbers(1)[0]),
    )


def _sum(
    rng: np.random.Generator,
    sizes: NDArray[np.int64],
    parts: tuple[int, ...],
    output: int | None,
    numbers: Callable[..., NDArray[np.float64]],
) -> SumFactor:
    # A variable has the same widths wherever it is read.
    own = {part: np.arange(1, sizes[part] + 1) * (1 + part % 3) for part in parts}
    totals = np.zeros(1, dtype=np.int64)
    for part in parts:
        totals = np.unique(totals[:, None] + own[part])
    return SumFactor(
        variables=parts,
        widths=tuple(own[part] for part in parts),
        totals=totals,
        output=output,
        costs=numbers(len(totals)) if output is None else numbers(len(totals), sizes[output]),
    )


def every_plan(problem: ChoiceProblem) -> tuple[np.ndarray, np.ndarray]:
    """Loss and cost of all plans there are."""
    plans = list(product(*(range(len(losses)) for losses in problem.losses)))
    losses = np.array([problem.loss(plan) for plan in plans])
    return losses, np.array([problem.cost(plan) for plan in plans])


def milp_loss(
    problem: ChoiceProblem, budget: float, *, gap: float = 1e-9, time_s: float = 60.0
) -> float:
    """Least loss within a budget by HiGHS: a 0-1 variable for each choice and for each cell of
    each factor, and cells that add up to their choices. Sums are cells of all of their parts.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    offsets = np.cumsum([0, *map(len, problem.losses)])
    objective = [np.concatenate(problem.losses)]
    price = [np.zeros(offsets[-1])]
    rows: list[int] = []
    columns: list[int] = []
    signs: list[float] = []
    right: list[float] = []

    def add_row(positive: Iterable[int], negative: Iterable[int], value: float) -> None:
        for places, sign in ((positive, 1.0), (negative, -1.0)):
            for place in places:
                rows.append(len(right))
                columns.append(int(place))
                signs.append(sign)
        right.append(value)

    for variable in range(len(problem.losses)):
        add_row(range(offsets[variable], offsets[variable + 1]), (), 1.0)
    count = int(offsets[-1])
    for scope, costs in _tables(problem):
        cells = count + np.arange(costs.size).reshape(costs.shape)
        count += costs.size
        objective.append(np.zeros(costs.size))
        price.append(costs.ravel())
        for axis, variable in enumerate(scope):
            for choice in range(costs.shape[axis]):
                add_row(cells.take(choice, axis).ravel(), [offsets[variable] + choice], 0.0)
    equal = coo_array((signs, (rows, columns)), shape=(len(right), count)).tocsr()
    result = milp(
        np.concatenate(objective),
        integrality=np.ones(count),
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(equal, right, right),
            LinearConstraint(np.concatenate(price)[None], -np.inf, budget - problem.constant),
        ],
        options={"mip_rel_gap": gap, "time_limit": time_s},
    )
    assert result.success, result.message
    return float(result.fun)


def _tables(problem: ChoiceProblem) -> Iterator[tuple[tuple[int, ...], NDArray[np.float64]]]:
    for factor in problem.factors:
        yield factor.variables, factor.costs
    for each in problem.sums:
        outputs = () if each.output is None else (each.output,)
        scope = tuple(dict.fromkeys((*each.variables, *outputs)))
        extents = [len(problem.losses[variable]) for variable in scope]
        costs = np.empty(extents)
        choices = [0] * len(problem.losses)
        for cell in np.ndindex(*extents):
            for variable, choice in zip(scope, cell, strict=True):
                choices[variable] = choice
            costs[cell] = each.cost(choices)
        yield scope, costs
