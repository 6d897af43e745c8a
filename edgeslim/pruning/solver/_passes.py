"""Exact minima of weighted sums of loss and cost, over a tree of cliques.

All pairs of weights are processed at once: arrays have one row for each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeslim.pruning.solver._problem import Floats
from edgeslim.pruning.solver._tree import Clique

__all__ = ["Inside", "best_plans", "columns", "inside", "outside"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inside:
    """Minima from the leaves up.

    Attributes:
        rows: For each clique, the minimum over all below a row, ``(weights, rows)``.
        messages: For each clique, the minimum over the rows of a key, ``(weights, keys)``.
        least: The minimum over all plans, ``(weights,)``.
    """

    rows: list[Floats]
    messages: list[Floats]
    least: Floats


def inside(tree: list[Clique], weights: Floats) -> Inside:
    """Minima of ``weights[k, 0] * loss + weights[k, 1] * cost``."""
    rows: list[Floats] = []
    messages: list[Floats] = []
    for clique in tree:
        values = weights[:, :1] * clique.losses + weights[:, 1:] * clique.costs
        for child in clique.children:
            values += columns(messages[child.clique], child.keys)
        rows.append(values)
        messages.append(np.minimum.reduceat(values, clique.starts, axis=1))
    return Inside(rows=rows, messages=messages, least=messages[-1][:, 0])


def outside(tree: list[Clique], minima: Inside) -> list[Floats]:
    """For each clique, the minimum over all outside its subtree, ``(weights, keys)``."""
    least: list[Floats] = [np.full_like(message, np.inf) for message in minima.messages]
    least[-1][:] = 0.0
    for at in reversed(range(len(tree))):
        clique = tree[at]
        totals = minima.rows[at] + columns(least[at], clique.keys)
        for child in clique.children:
            best = np.minimum.reduceat(columns(totals, child.order), child.starts, axis=1)
            own = minima.messages[child.clique][:, child.present]
            least[child.clique][:, child.present] = best - own
    return least


def best_plans(tree: list[Clique], minima: Inside, variables: int) -> NDArray[np.int64]:
    """The plan with the least value for each pair of weights, ``(weights, variables)``.

    Of several, it is the one whose rows come first.
    """
    count = len(minima.least)
    chosen = np.zeros((count, variables), dtype=np.int64)
    keys: list[NDArray[np.int64]] = [np.zeros(count, dtype=np.int64) for _ in tree]
    for at in reversed(range(len(tree))):
        clique = tree[at]
        ends = np.append(clique.starts[1:], len(clique.keys))
        for which in range(count):
            first = clique.starts[keys[at][which]]
            values = minima.rows[at][which, first : ends[keys[at][which]]]
            row = int(first + np.argmin(values))
            if 0 <= clique.variable < variables:
                chosen[which, clique.variable] = clique.choices[row]
            for child in clique.children:
                keys[child.clique][which] = child.keys[row]
    return chosen


def columns(values: Floats, chosen: NDArray[np.int64]) -> Floats:
    """Columns of ``(weights, all)``, ``(weights, chosen)``."""
    # All indices are valid; "clip" skips a check that makes NumPy six times slower.
    return np.take(values, chosen, axis=1, mode="clip")
