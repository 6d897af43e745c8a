"""What is left of a tree when all that is in no better plan is taken away.

A row whose best completion, by the Lagrangian of any multiplier, loses more than the best plan
known is in no better one (fixing by reduced costs, as for multiple-choice knapsacks: Pisinger
1995, https://doi.org/10.1016/0377-2217(95)00015-I). Most rows go.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeslim.pruning.solver._passes import columns, inside, outside
from edgeslim.pruning.solver._problem import Floats
from edgeslim.pruning.solver._tree import Clique

__all__ = ["Limits", "ReducedChild", "ReducedClique", "reduced"]

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Limits:
    """What weighted sums of loss and cost may come to.

    Attributes:
        weights: ``(weights, 2)``, of loss and of cost.
        slack: ``(weights,)``, more than rounding can do to a sum.
        budget: Of the cost.
    """

    weights: Floats
    slack: Floats
    budget: float

    def of(self, loss: float) -> Floats:
        """Most that a plan within the budget and this loss comes to, ``(weights, 1)``."""
        most: Floats = self.weights @ np.array([loss, self.budget]) + self.slack
        return most[:, None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReducedChild:
    """A clique below, as the rows that are left see it.

    Attributes:
        clique: Where it is in the tree.
        keys: Which of its keys goes with each row, ``(rows,)``.
        least: The least it gives, ``(weights, rows)``.
    """

    clique: int
    keys: Indices
    least: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReducedClique:
    """Rows that are left of a clique.

    Attributes:
        variable: What it eliminates; -1 for the last clique.
        choices: Choice of that variable in each row, ``(rows,)``.
        costs: ``(rows,)``.
        losses: ``(rows,)``.
        keys: Ascending, ``(rows,)``.
        key_count: How many keys there were; some have no rows any more.
        least: ``(weights, rows)``: of all plans with a row.
        above: ``(weights, rows)``: of all that is not in the clique or below.
        children: Those below.
    """

    variable: int
    choices: Indices
    costs: Floats
    losses: Floats
    keys: Indices
    key_count: int
    least: Floats
    above: Floats
    children: tuple[ReducedChild, ...]


def reduced(tree: list[Clique], limits: Limits, loss: float) -> list[ReducedClique]:
    """The rows of which a plan within the budget may lose no more than ``loss``."""
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
                key_count=len(clique.starts),
                least=columns(least, rows),
                above=columns(outer[at], keys),
                children=tuple(children),
            )
        )
    return left
