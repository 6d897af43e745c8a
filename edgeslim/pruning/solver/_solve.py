"""The least loss within a budget, proved."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from edgeslim.errors import InfeasibleTargetError, UsageError
from edgeslim.pruning.solver._dual import Dual, best_price, plan_of
from edgeslim.pruning.solver._labels import Allowance, WorkDoneError, choices_of, label_all
from edgeslim.pruning.solver._problem import Choices, Problem
from edgeslim.pruning.solver._reduced import Limits, ReducedClique, reduced
from edgeslim.pruning.solver._tree import Clique, build_tree

__all__ = ["OverBudgetError", "Solution", "solve"]

_WORK = 4_000_000
"""Pairs of labels in one search: about a quarter of a second. Networks mostly need a few
thousand, and some need a million."""

_ROUNDING = 1e-12
"""Of the largest sum there can be: far more than rounding takes, far less than matters."""

_SAME = 1e-9
"""Plans whose losses differ by less than this share are as good as each other."""

_PRICES = (1.0, 0.8, 1.25)
"""Of the best price. Parts of a plan cost more or less than at the budget, and other prices
bound them better: with these, half as many labels stay as with the best alone."""

_FIRST_STEP = 128
"""Part of the gap that is searched first: the best plan is mostly close to the bound."""

_EASY = 0.01
"""Share of the allowance; after a search that took less, the next goes 8 times as far."""

_MOST = 1000
"""Labels that a clique keeps while a better plan is looked for without proof."""


class OverBudgetError(InfeasibleTargetError):
    """Every plan costs more than the budget.

    Attributes:
        cost: Of the cheapest plan.
        choices: The cheapest plan.
    """

    def __init__(self, budget: float, cost: float, choices: Choices) -> None:
        self.cost = cost
        self.choices = choices
        super().__init__(f"no choice costs {budget:.6g} or less: the least possible is {cost:.6g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """A plan within the budget, and how good it is.

    Attributes:
        choices: Of each variable the index of its choice.
        loss: Of these choices.
        cost: Of these choices; not over the budget by the least bit.
        bound: No plan within the budget loses less than this.
    """

    choices: Choices
    loss: float
    cost: float
    bound: float

    @property
    def optimal(self) -> bool:
        """Whether it is proved that no plan is better, but for rounding."""
        return self.loss - self.bound <= _SAME * abs(self.loss)


def solve(problem: Problem, budget: float, *, work_limit: int = _WORK) -> Solution:
    """The plan with the least loss whose cost is within the budget.

    The same problem gives the same plan. Problems as networks pose them are solved to the end
    in a fraction of a second; on others, work is limited by a count and not by a clock, and
    the bound says what is not proved.

    Args:
        problem: Losses and costs.
        budget: Most that a plan may cost, in the unit of the costs.
        work_limit: How many pairs of partial plans one search may look at; what is too much is
            not proved.

    Raises:
        OverBudgetError: No plan is within the budget; says which is the cheapest.
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

    def __init__(self, problem: Problem, tree: list[Clique], budget: float, dual: Dual) -> None:
        self.best = dual.best
        self._problem = problem
        self._tree = tree
        weights = np.array([*((1.0, factor * dual.price) for factor in _PRICES), (0, 1), (1, 0)])
        slack = _ROUNDING * weights @ problem.largest()
        self._limits = Limits(weights=weights, slack=slack, budget=budget)
        self.bound = dual.bound

    @property
    def _goal(self) -> float:
        """Loss of a plan that would be better."""
        return self.best.loss - _SAME / 2 * abs(self.best.loss)

    def prove(self, work_limit: int) -> None:
        """Looks at all plans that lose little more than the bound, then at more of them.

        Where these are too many, a better plan is looked for first: the better it is, the less
        is left to look at. When none is found any more, the bound stays where it is.
        """
        if self.bound >= self._goal:
            return
        tree, step = self._reduced()
        start = self.bound
        while self.bound < self._goal:
            limit = min(start + step, self._goal)
            allowance = Allowance(pairs=work_limit)
            try:
                least = self._least(tree, limit, allowance)
            except WorkDoneError:
                known = self.best.loss
                self._thin(tree, step, work_limit)
                if self.best.loss == known:
                    return
                tree, step = self._reduced()
                start = self.bound
            else:
                self.bound = max(self.bound, min(limit, least))
                if least < limit:
                    return
                step *= 8 if work_limit - allowance.pairs < _EASY * work_limit else 2

    def _reduced(self) -> tuple[list[ReducedClique], float]:
        """What is left at the best plan so far, and how far to look first."""
        tree = reduced(self._tree, self._limits, self.best.loss)
        return tree, (self.best.loss - self.bound) / _FIRST_STEP

    def _thin(self, tree: list[ReducedClique], step: float, work_limit: int) -> None:
        """A better plan, without proof, from a choice of labels."""
        known, limit = self.best.loss, self.bound + step
        while self.best.loss == known:
            limit = min(limit, known)
            with suppress(WorkDoneError):
                self._least(tree, limit, Allowance(pairs=work_limit, most=_MOST))
            if limit == known:
                return
            step *= 4
            limit += step

    def _least(self, tree: list[ReducedClique], limit: float, allowance: Allowance) -> float:
        """Looks at plans up to a loss; returns the least loss that there may be, or infinity."""
        labels = label_all(tree, self._limits, limit, allowance)
        last = labels[-1]
        for label in np.argsort(last.losses, kind="stable"):
            plan = plan_of(
                self._problem, choices_of(tree, labels, int(label), len(self._problem.losses))
            )
            # Labels may cost more than the budget by what rounding does, plans may not.
            if plan.cost <= self._limits.budget:
                if plan.loss < self.best.loss:
                    self.best = plan
                break
        return float(last.losses.min(initial=math.inf))
