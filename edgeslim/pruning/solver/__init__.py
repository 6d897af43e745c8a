"""An exact solver for widths: the least loss within a budget of latency.

Losses of choices add up, and the cost is a sum of terms of a few choices each, as latencies of
operators are. Others solve a simpler problem: HALP (https://arxiv.org/abs/2110.10811) keeps the
width that an operator reads fixed and solves a knapsack; NetAdapt
(https://arxiv.org/abs/1804.03230) narrows one layer after another. Here both widths count.

The method, file by file:

1. ``_relations``, ``_tree``: the network's terms become a tree of small cliques.
2. ``_passes``, ``_dual``: over it, the least of loss + price * cost is exact for any price of
   cost; the best price gives a bound and a plan near it.
3. ``_reduce``: rows that no better plan can have are removed; few are left.
4. ``_labels``, ``_solve``: from those, all plans up to a loss are built from their parts,
   and the loss is raised until the best plan is proved.
"""

from __future__ import annotations

from edgeslim.pruning.solver._problem import ChoiceProblem, Choices, Factor, SumFactor
from edgeslim.pruning.solver._solve import OverBudgetError, Solution, solve
from edgeslim.pruning.solver._tree import TooManyCombinationsError

__all__ = [
    "ChoiceProblem",
    "Choices",
    "Factor",
    "OverBudgetError",
    "Solution",
    "SumFactor",
    "TooManyCombinationsError",
    "solve",
]
