"""Other ways to choose widths within a latency, on the same problems.

``highs`` is exact, as a mixed integer program. ``greedy`` is NetAdapt's way
(https://arxiv.org/abs/1804.03230): in each step every group says by which narrowing it saves a
step of latency, and the one with the least loss is taken. ``knapsack`` is HALP's
(https://arxiv.org/abs/2110.10811): what a width costs is taken with all other widths as they
are now, which makes a knapsack; it is solved again at its own result until the true sum fits.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from edgeslim.pruning.solver import ChoiceProblem, Factor, OverBudgetError, solve
from edgeslim.pruning.solver._relations import relations

Plan = list[int]


def highs(problem: ChoiceProblem, budget: float, time_s: float) -> tuple[float, float]:
    """Least loss found and its bound: a 0-1 variable a choice and a cell, tied by sums.

    Cells are those of our own relations, so that sums of widths come as partial sums.
    """
    compiled = relations(problem)
    offsets = np.cumsum([0, *compiled.sizes])
    losses = np.zeros(offsets[-1])
    for variable, each in enumerate(problem.losses):
        losses[offsets[variable] : offsets[variable + 1]] = each
    costs, rows, columns, signs = [np.zeros(offsets[-1])], [], [], []
    count, ties = int(offsets[-1]), len(compiled.sizes)
    for variable in range(ties):
        places = np.arange(offsets[variable], offsets[variable + 1])
        rows.append(np.full(len(places), variable))
        columns.append(places)
        signs.append(np.ones(len(places)))
    right = [np.ones(ties)]
    for relation in compiled.relations:
        if len(relation.scope) == 1:
            own = relation.column(relation.scope[0]) + offsets[relation.scope[0]]
            costs[0][own] += relation.costs
            continue
        cells = count + np.arange(len(relation.costs))
        costs.append(relation.costs)
        count += len(cells)
        for variable in relation.scope:
            size = compiled.sizes[variable]
            rows += [ties + relation.column(variable), ties + np.arange(size)]
            columns += [cells, offsets[variable] + np.arange(size)]
            signs += [np.ones(len(cells)), -np.ones(size)]
            right.append(np.zeros(size))
            ties += size
    matrix = coo_array(
        (np.concatenate(signs), (np.concatenate(rows), np.concatenate(columns))),
        shape=(ties, count),
    ).tocsr()
    equal = np.concatenate(right)
    objective = np.concatenate([losses, np.zeros(count - len(losses))])
    integral = np.zeros(count)
    integral[: len(losses)] = 1
    result = milp(
        objective,
        integrality=integral,
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(matrix, equal, equal),
            LinearConstraint(np.concatenate(costs)[None], -np.inf, budget - problem.constant),
        ],
        options={"mip_rel_gap": 1e-6, "time_limit": time_s},
    )
    found = math.inf if result.x is None else float(result.fun)
    bound = result.mip_dual_bound
    return found, -math.inf if bound is None else float(bound)


def greedy(problem: ChoiceProblem, budget: float, *, steps: int = 100) -> Plan:
    """Narrows one group a step, by what saves a share of the way; finer at the end."""
    plan = [len(losses) - 1 for losses in problem.losses]
    cost = problem.cost(plan)
    step = (cost - budget) / steps
    while cost > budget:
        best: tuple[float, int, int] | None = None
        for group, losses in enumerate(problem.losses):
            saved = cost_by_choice(problem, plan, group)
            saved = saved[plan[group]] - saved
            narrower = np.flatnonzero(saved[: plan[group]] >= min(step, cost - budget))
            if narrower.size:
                choice = int(narrower[-1])
                lost = float(losses[choice] - losses[plan[group]])
                best = min(best or (math.inf, 0, 0), (lost, group, choice))
        if best is None:
            step /= 2
            if step < 1e-9 * cost:
                raise OverBudgetError(budget, cost, tuple(plan))
            continue
        plan[best[1]] = best[2]
        cost = problem.cost(plan)
    return plan


def knapsack(problem: ChoiceProblem, budget: float, *, steps: int) -> Plan:
    """Knapsacks with ever smaller budgets, each from the widths that the one before left."""
    plan = [len(losses) - 1 for losses in problem.losses]
    full = problem.cost(plan)
    for step in range(10 * steps):
        cost = problem.cost(plan)
        if step >= steps and cost <= budget:
            return plan
        wanted = full * (budget / full) ** min(1.0, (step + 1) / steps)
        if cost <= wanted:
            continue
        by_choice = [cost_by_choice(problem, plan, group) for group in range(len(plan))]
        fixed = cost - sum(costs[now] for costs, now in zip(by_choice, plan, strict=True))
        step_problem = ChoiceProblem(
            losses=tuple(
                losses[: now + 1] for losses, now in zip(problem.losses, plan, strict=True)
            ),
            factors=tuple(
                Factor(variables=(group,), costs=costs[: now + 1])
                for group, (costs, now) in enumerate(zip(by_choice, plan, strict=True))
            ),
            constant=float(fixed),
        )
        plan = list(solve(step_problem, wanted).choices)
    raise OverBudgetError(budget, problem.cost(plan), tuple(plan))


def cost_by_choice(problem: ChoiceProblem, plan: Plan, group: int) -> NDArray[np.float64]:
    """What all that depends on a group costs at each of its widths, all others as they are."""
    total = np.zeros(len(problem.losses[group]))
    for factor in problem.factors:
        if group in factor.variables:
            at = tuple(slice(None) if each == group else plan[each] for each in factor.variables)
            total += factor.costs[at]
    for each in problem.sums:
        if group in {*each.variables, each.output}:
            total += [
                each.cost([*plan[:group], choice, *plan[group + 1 :]])
                for choice in range(len(total))
            ]
    return total
