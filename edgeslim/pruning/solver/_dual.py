"""The best lower bound by a price of cost, and the plans found on the way.

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

from edgeslim.pruning.solver._passes import best_plans, inside
from edgeslim.pruning.solver._problem import ChoiceProblem, Choices
from edgeslim.pruning.solver._tree import Clique

__all__ = ["Dual", "PricedPlan", "best_price", "price_plan"]

_STEPS = 100
_ROUNDING = 1e-12
"""Tolerance as a share of the largest possible sum: more than its rounding error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedPlan:
    """Choices, with their loss and cost by the problem."""

    choices: Choices
    loss: float
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dual:
    """The solution of the Lagrangian dual.

    Attributes:
        price: Multiplier of the cost, in loss per unit of cost, at the budget.
        bound: Lower bound on the loss of every plan within the budget.
        best: The found plan that loses least within the budget, or the cheapest of all plans if
            none is within.
    """

    price: float
    bound: float
    best: PricedPlan


def price_plan(problem: ChoiceProblem, choices: Choices) -> PricedPlan:
    """Choices with their loss and cost."""
    return PricedPlan(choices=choices, loss=problem.loss(choices), cost=problem.cost(choices))


def best_price(problem: ChoiceProblem, tree: list[Clique], budget: float) -> Dual:
    """The price with the highest bound, by the secant method, exact after finitely many steps."""
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
    problem: ChoiceProblem, tree: list[Clique], weights: list[tuple[float, float]]
) -> tuple[list[PricedPlan], list[float]]:
    minima = inside(tree, np.array(weights))
    met = best_plans(tree, minima, len(problem.losses))
    return [price_plan(problem, tuple(choices)) for choices in met.tolist()], minima.least.tolist()
