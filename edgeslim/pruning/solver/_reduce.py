"""Reduction of a tree: rows that are in no better plan are removed.

A row whose best completion, by the Lagrangian of any multiplier, loses more than the best plan
known is in no better one (fixing by reduced costs, as for multiple-choice knapsacks: Pisinger
1995, https://doi.org/10.1016/0377-2217(95)00015-I). That removes most rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeslim.pruning.solver._passes import columns, inside, outside
from edgeslim.pruning.solver._problem import Floats
from edgeslim.pruning.solver._tree import Clique

__all__ = ["PlanLimits", "ReducedChild", "ReducedClique", "reduce_tree"]

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanLimits:
    """Upper limits on weighted sums of loss and cost.

    Attributes:
        weights: Weights of loss and of cost, ``(weights, 2)``.
        slack: More than the rounding error of each sum, ``(weights,)``.
        budget: Largest cost that a plan may have.
    """

    weights: Floats
    slack: Floats
    budget: float

    def of(self, loss: float) -> Floats:
        """Upper limits for plans within the budget and a loss, ``(weights, 1)``."""
        most: Floats = self.weights @ np.array([loss, self.budget]) + self.slack
        return most[:, None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReducedChild:
    """A child clique, by the rows of its parent that are left.

    Attributes:
        clique: Index of the child in the tree.
        keys: The child's key that belongs to each row, ``(rows,)``.
        least: Minimum over the child's subtree for each row, ``(weights, rows)``.
    """

    clique: int
    keys: Indices
    least: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReducedClique:
    """Rows that are left of a clique.

    Attributes:
        variable: Variable that it eliminates; -1 for the last clique.
        choices: Choice of that variable in each row, ``(rows,)``.
        costs: Cost of each row, ``(rows,)``.
        losses: Loss of each row, ``(rows,)``.
        keys: Key of each row, ascending, ``(rows,)``.
        least: Minimum over all plans with a row, ``(weights, rows)``.
        above: Minimum over all outside the clique's subtree, ``(weights, rows)``.
        children: Child cliques of this one.
    """

    variable: int
    choices: Indices
    costs: Floats
    losses: Floats
    keys: Indices
    least: Floats
    above: Floats
    children: tuple[ReducedChild, ...]


def reduce_tree(tree: list[Clique], limits: PlanLimits, loss: float) -> list[ReducedClique]:
    """Keeps the rows with which a plan within the budget may lose no more than ``loss``."""
    minima = inside(tree, limits.weights)
    outer = outside(tree, minima)
    most = limits.of(loss)
    left = []
    for at, clique in enumerate(tree):
        least = minima.rows[at] + columns(outer[at], clique.keys)
        rows = np.flatnonzero((least <= most).all(axis=0))
        keys = clique.keys[rows]
        children = []
        for child in clique.children:
            wanted = child.keys[rows]
            messages = columns(minima.messages[child.clique], wanted)
            children.append(ReducedChild(clique=child.clique, keys=wanted, least=messages))
        left.append(
            ReducedClique(
                variable=clique.variable,
                choices=clique.choices[rows],
                costs=clique.costs[rows],
                losses=clique.losses[rows],
                keys=keys,
                least=columns(least, rows),
                above=columns(outer[at], keys),
                children=tuple(children),
            )
        )
    return left
