"""The least loss within a budget, with a proof."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from edgeslim.errors import InfeasibleTargetError, UsageError
from edgeslim.pruning.solver._dual import Dual, best_price, price_plan
from edgeslim.pruning.solver._labels import Allowance, WorkLimitError, choices_of, label_all
from edgeslim.pruning.solver._problem import ChoiceProblem, Choices
from edgeslim.pruning.solver._reduce import PlanLimits, ReducedClique, reduce_tree
from edgeslim.pruning.solver._tree import Clique, build_tree

__all__ = ["OverBudgetError", "Solution", "solve"]

_WORK = 4_000_000
"""Pairs of labels in one search: about a quarter of a second. Networks mostly need a few
thousand, and some need a million."""

_ROUNDING = 1e-12
"""Tolerance as a share of the largest possible sum: far more than its rounding error."""

_SAME = 1e-9
"""Plans whose losses differ by less than this share are equally good."""

_PRICES = (1.0, 0.8, 1.25)
"""Multiples of the best price. Parts of a plan cost more or less than at the budget, and other
prices bound them better: with these, half as many labels are kept as with the best alone."""

_FIRST_STEP = 128
"""The first search covers this fraction of the gap: the best plan is mostly near the bound."""

_EASY = 0.01
"""Share of the allowance: after a search that took less, the next goes 8 times as far."""

_MOST = 1000
"""Labels that a clique keeps while a better plan is searched for without a proof."""


class OverBudgetError(InfeasibleTargetError):
    """Every plan costs more than the budget.

    Attributes:
        cost: Cost of the cheapest plan.
        choices: Choices of the cheapest plan.
    """

    def __init__(self, budget: float, cost: float, choices: Choices) -> None:
        self.cost = cost
        self.choices = choices
        super().__init__(f"no choice costs {budget:.6g} or less: the least possible is {cost:.6g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """A plan within the budget, and how good it is.

    Attributes:
        choices: Index of the choice of each variable.
        loss: Loss of these choices.
        cost: Cost of these choices, never above the budget.
        bound: Lower bound on the loss of every plan within the budget.
    """

    choices: Choices
    loss: float
    cost: float
    bound: float

    @property
    def is_optimal(self) -> bool:
        """Whether it is proved that no plan is better, but for rounding."""
        return self.loss - self.bound <= _SAME * abs(self.loss)


def solve(problem: ChoiceProblem, budget: float, *, work_limit: int = _WORK) -> Solution:
    """The plan with the least loss whose cost is within the budget.

    The same problem gives the same plan. Problems of typical networks are solved exactly in a
    fraction of a second; on others, work is limited by a count and not by a clock, and
    the bound says how much better a plan could be.

    Args:
        problem: Losses and costs of choices.
        budget: Largest cost that a plan may have, in the unit of the costs.
        work_limit: How many pairs of partial plans one search may process; beyond that, the
            plan is not proved to be the best.

    Raises:
        OverBudgetError: No plan is within the budget; the message has the least cost.
        UsageError: The budget is not a number, or the costs tie so many variables together
            that fewer choices must be offered.
    """
    if math.isnan(budget):
        raise UsageError("the budget is not a number")
    tree = build_tree(problem)
    dual = best_price(problem, tree, budget)
    if dual.best.cost > budget:
        raise OverBudgetError(budget, dual.best.cost, dual.best.choices)
    search = _Search(problem, tree, budget, dual)
    search.prove(work_limit)
    return Solution(
        choices=search.best.choices,
        loss=search.best.loss,
        cost=search.best.cost,
        bound=min(search.bound, search.best.loss),
    )


class _Search:
    """The best plan so far and the bound so far, which move towards each other."""

    def __init__(
        self, problem: ChoiceProblem, tree: list[Clique], budget: float, dual: Dual
    ) -> None:
        self.best = dual.best
        self._problem = problem
        self._tree = tree
        weights = np.array([*((1.0, factor * dual.price) for factor in _PRICES), (0, 1), (1, 0)])
        slack = _ROUNDING * weights @ problem.largest()
        self._limits = PlanLimits(weights=weights, slack=slack, budget=budget)
        self.bound = dual.bound

    @property
    def _goal(self) -> float:
        """Loss of a plan that would be better."""
        return self.best.loss - _SAME / 2 * abs(self.best.loss)

    def prove(self, work_limit: int) -> None:
        """Searches all plans that lose little more than the bound, then more of them.

        Where these are too many, a better plan is searched for first: the better it is, the fewer
        are left. When none is found any more, the bound stays where it is.
        """
        if self.bound >= self._goal:
            return
        tree, step = self._reduce()
        start = self.bound
        while self.bound < self._goal:
            limit = min(start + step, self._goal)
            allowance = Allowance(pairs=work_limit)
            try:
                least = self._least(tree, limit, allowance)
            except WorkLimitError:
                known = self.best.loss
                self._thin(tree, step, work_limit)
                if self.best.loss == known:
                    return
                tree, step = self._reduce()
                start = self.bound
            else:
                self.bound = max(self.bound, min(limit, least))
                if least < limit:
                    return
                step *= 8 if work_limit - allowance.pairs < _EASY * work_limit else 2

    def _reduce(self) -> tuple[list[ReducedClique], float]:
        """The tree reduced by the best plan so far, and how far above the bound to search first."""
        tree = reduce_tree(self._tree, self._limits, self.best.loss)
        return tree, (self.best.loss - self.bound) / _FIRST_STEP

    def _thin(self, tree: list[ReducedClique], step: float, work_limit: int) -> None:
        """Searches for a better plan among a sample of labels, without a proof."""
        known, limit = self.best.loss, self.bound + step
        while self.best.loss == known:
            limit = min(limit, known)
            with suppress(WorkLimitError):
                self._least(tree, limit, Allowance(pairs=work_limit, most=_MOST))
            if limit == known:
                return
            step *= 4
            limit += step

    def _least(self, tree: list[ReducedClique], limit: float, allowance: Allowance) -> float:
        """Searches plans up to a loss; returns the least possible loss, or infinity."""
        labels = label_all(tree, self._limits, limit, allowance)
        last = labels[-1]
        for label in np.argsort(last.losses, kind="stable"):
            plan = price_plan(
                self._problem, choices_of(tree, labels, int(label), len(self._problem.losses))
            )
            # Labels may exceed the budget by rounding errors, plans may not.
            if plan.cost <= self._limits.budget:
                if plan.loss < self.best.loss:
                    self.best = plan
                break
        return float(last.losses.min(initial=math.inf))
