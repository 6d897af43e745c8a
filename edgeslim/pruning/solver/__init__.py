"""Which widths to keep: the least loss within a budget of latency, exactly.

Losses of choices add up, and the cost is a sum of terms of a few choices each, as latencies of
operators are. Others solve a simpler problem: HALP (https://arxiv.org/abs/2110.10811) takes the
width that an operator reads as it was before and solves a knapsack; NetAdapt
(https://arxiv.org/abs/1804.03230) narrows one layer after another. Here both widths count.

How, file by file:

1. ``_relations``, ``_tree``: the network's terms become a tree of small cliques.
2. ``_passes``, ``_dual``: over it, the least of loss + price * cost is exact for any price of
   cost; the best price gives a bound and a plan near it.
3. ``_reduced``: what no better plan can have is taken away; little is left.
4. ``_labels``, ``_solve``: of what is left, all plans up to a loss are built from their parts,
   and the loss is raised until the best plan is proved.
"""

from __future__ import annotations

from edgeslim.pruning.solver._problem import Choices, Factor, Problem, SumFactor
from edgeslim.pruning.solver._solve import OverBudgetError, Solution, solve
from edgeslim.pruning.solver._tree import TooTiedError

__all__ = [
    "Choices",
    "Factor",
    "OverBudgetError",
    "Problem",
    "Solution",
    "SumFactor",
    "TooTiedError",
    "solve",
]
