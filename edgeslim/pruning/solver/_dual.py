"""The best bound that a price of cost gives, and the plans met on the way.

With a price (multiplier) on the cost, the least of loss + price * cost is exact and cheap, and
bounds the loss of every plan within the budget from below; its own plan is best for what it
costs (Everett 1963, https://doi.org/10.1287/opre.11.3.399). The price of the best bound
(Geoffrion 1974, https://doi.org/10.1007/BFb0120690) lies where the lines of two plans, one
over and one within the budget, meet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edgeslim.pruning.solver._passes import inside, plans
from edgeslim.pruning.solver._problem import Choices, Problem
from edgeslim.pruning.solver._tree import Clique

__all__ = ["Dual", "Plan", "best_price", "plan_of"]

_STEPS = 100
_ROUNDING = 1e-12
"""Of the largest sum there can be: more than rounding takes, less than matters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Choices, with loss and cost as the problem has them."""

    choices: Choices
    loss: float
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dual:
    """What prices alone tell.

    Attributes:
        price: Loss that a unit of cost is worth, at the budget.
        bound: No plan within the budget loses less.
        best: The plan met that loses least within the budget, or the cheapest of all plans if
            none is within.
    """

    price: float
    bound: float
    best: Plan


def plan_of(problem: Problem, choices: Choices) -> Plan:
    """Choices with what they lose and cost."""
    return Plan(choices=choices, loss=problem.loss(choices), cost=problem.cost(choices))


def best_price(problem: Problem, tree: list[Clique], budget: float) -> Dual:
    """The price with the highest bound, by secants; exact after finitely many."""
    (over, within), _ = _best_of(problem, tree, [(1.0, 0.0), (0.0, 1.0)])
    bound = math.fsum(float(losses.min()) for losses in problem.losses)
    if over.cost <= budget:
        return Dual(price=0.0, bound=bound, best=over)
    best, best_at = within, 0.0
    for _ in range(_STEPS):
        if within.cost > budget or within.loss <= over.loss:
            break
        price = (within.loss - over.loss) / (over.cost - within.cost)
        (met,), (least,) = _best_of(problem, tree, [(1.0, price)])
        rounding = _ROUNDING * float(problem.largest() @ (1.0, price))
        if least - price * budget - rounding > bound:
            bound, best_at = least - price * budget - rounding, price
        if met.cost <= budget and met.loss < best.loss:
            best = met
        if least >= over.loss + price * over.cost - rounding:
            break
        if met.cost <= budget:
            within = met
        else:
            over = met
    return Dual(price=best_at, bound=bound, best=best)


def _best_of(
    problem: Problem, tree: list[Clique], weights: list[tuple[float, float]]
) -> tuple[list[Plan], list[float]]:
    minima = inside(tree, np.array(weights))
    met = plans(tree, minima, len(problem.losses))
    return [plan_of(problem, tuple(choices)) for choices in met.tolist()], minima.least.tolist()
