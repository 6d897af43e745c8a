"""All plans that may be better than the best known one, built from their parts.

A label is the cost and the loss of some choice of all variables below a clique. Of the labels of
one key those are kept that no other dominates in both (label setting, as for shortest paths with a
resource: Desrochers and Soumis 1988, https://doi.org/10.1080/03155986.1988.11732063), and that
can be completed within the limits, by the exact minima over all variables that are still open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeslim.pruning.solver._problem import Choices, Floats
from edgeslim.pruning.solver._reduce import PlanLimits, ReducedChild, ReducedClique

__all__ = ["Allowance", "Labels", "WorkLimitError", "choices_of", "label_all"]

Indices = NDArray[np.int64]

_AT_ONCE = 1 << 18
"""Pairs that are processed together, so that their arrays fit a cache."""


class WorkLimitError(Exception):
    """More pairs of labels would have to be processed than are allowed."""


@dataclass(slots=True, kw_only=True)
class Allowance:
    """The work that a search may still do.

    Attributes:
        pairs: How many pairs of labels may still be processed.
        most: If given, about how many labels a clique keeps; the best plan may be missed then.
    """

    pairs: int
    most: int | None = None

    def spend(self, pairs: int) -> None:
        """Counts pairs before they are processed; raises ``WorkLimitError`` beyond the limit."""
        if pairs > self.pairs:
            raise WorkLimitError
        self.pairs -= pairs


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labels:
    """Labels of a clique.

    Attributes:
        costs: Cost of each label, ``(labels,)``.
        losses: Loss of each label, ``(labels,)``.
        rows: Row of the clique for each label, ``(labels,)``.
        below: For each child, by its clique, the label that was joined, ``(labels,)``.
    """

    costs: Floats
    losses: Floats
    rows: Indices
    below: dict[int, Indices]

    def take(self, chosen: Indices) -> Labels:
        """The labels at some places."""
        return Labels(
            costs=self.costs[chosen],
            losses=self.losses[chosen],
            rows=self.rows[chosen],
            below={at: indices[chosen] for at, indices in self.below.items()},
        )

    def drop_dominated(self, groups: Indices, most: int | None) -> Labels:
        """The labels that none of their group dominates, sorted by group, then cost.

        If more than ``most`` are left, losses are rounded to larger and larger steps until there
        are so few; the cheapest of each group is always kept.
        """
        order = np.lexsort((self.losses, self.costs, groups))
        losses, groups = self.losses[order], groups[order]
        keep = _undominated_mask(losses, groups)
        order, losses, groups = order[keep], losses[keep], groups[keep]
        if most is not None and len(order) > most:
            most += len(np.unique(groups))
            step = (losses.max() - losses.min()) / len(order)
            while len(order) > most:
                keep = _undominated_mask(np.floor(losses / step), groups)
                order, losses, groups = order[keep], losses[keep], groups[keep]
                step *= 2
        return self.take(order)


def label_all(
    tree: list[ReducedClique], limits: PlanLimits, loss: float, allowance: Allowance
) -> list[Labels]:
    """Labels of every clique, of all plans within the budget that lose no more than ``loss``.

    Args:
        tree: Cliques reduced for a loss that is not lower.
        limits: Limits on weighted sums of loss and cost.
        loss: Largest loss that a plan may have.
        allowance: The work that may be done, which is counted down.

    Raises:
        WorkLimitError: More pairs would have to be processed than are allowed.
    """
    labelling = _Labelling(tree, limits.weights, limits.of(loss), allowance)
    for clique in tree:
        labelling.add(clique)
    return labelling.done


def choices_of(
    tree: list[ReducedClique], labels: list[Labels], label: int, variables: int
) -> Choices:
    """The plan behind a label of the last clique; its first ``variables`` choices."""
    chosen = [0] * variables
    below = {len(tree) - 1: label}
    for at in reversed(range(len(tree))):
        clique, own = tree[at], below[at]
        if 0 <= clique.variable < variables:
            chosen[clique.variable] = int(clique.choices[labels[at].rows[own]])
        below.update({child: int(indices[own]) for child, indices in labels[at].below.items()})
    return tuple(chosen)


class _Labelling:
    def __init__(
        self, tree: list[ReducedClique], weights: Floats, limit: Floats, allowance: Allowance
    ) -> None:
        self.done: list[Labels] = []
        self._tree = tree
        self._weights = weights
        self._limit = limit
        self._allowance = allowance

    def add(self, clique: ReducedClique) -> None:
        """Labels of the next clique, from those of its children."""
        rows = np.flatnonzero((clique.least <= self._limit).all(axis=0))
        labels = Labels(costs=clique.costs[rows], losses=clique.losses[rows], rows=rows, below={})
        room = self._limit - clique.above
        for child in clique.children:
            room = room - child.least
        # Small ones first: labels that they exclude are not multiplied by the large ones.
        for child in sorted(
            clique.children, key=lambda child_below: len(self.done[child_below.clique].rows)
        ):
            if labels.below:
                labels = labels.drop_dominated(labels.rows, self._allowance.most)
            room = room + child.least
            labels = self._join(labels, child, room)
        self.done.append(labels.drop_dominated(clique.keys[labels.rows], self._allowance.most))

    def _join(self, labels: Labels, child: ReducedChild, room: Floats) -> Labels:
        """Joins each label with each compatible one of a child, if the sum is within ``room``."""
        other = self.done[child.clique]
        keys = self._tree[child.clique].keys[other.rows]
        wanted = child.keys[labels.rows]
        first = np.searchsorted(keys, wanted, side="left")
        counts = np.searchsorted(keys, wanted, side="right") - first
        ends = np.cumsum(counts)
        self._allowance.spend(int(counts.sum()))
        parts: list[Labels] = []
        start = 0
        while start < len(counts) or not parts:
            before = int(ends[start - 1]) if start else 0
            stop = max(start + 1, int(np.searchsorted(ends, before + _AT_ONCE, side="right")))
            mine = np.repeat(np.arange(start, min(stop, len(counts))), counts[start:stop])
            theirs = np.arange(before, before + len(mine)) + (first - ends + counts)[mine]
            rows = labels.rows[mine]
            costs = labels.costs[mine] + other.costs[theirs]
            losses = labels.losses[mine] + other.losses[theirs]
            fits = np.ones(len(mine), dtype=bool)
            for weight, most in zip(self._weights, room, strict=True):
                fits &= weight[0] * losses + weight[1] * costs <= most[rows]
            below = {at: indices[mine[fits]] for at, indices in labels.below.items()}
            below[child.clique] = theirs[fits]
            parts.append(
                Labels(costs=costs[fits], losses=losses[fits], rows=rows[fits], below=below)
            )
            start = stop
        return _concatenate(parts)


def _concatenate(parts: list[Labels]) -> Labels:
    return Labels(
        costs=np.concatenate([part.costs for part in parts]),
        losses=np.concatenate([part.losses for part in parts]),
        rows=np.concatenate([part.rows for part in parts]),
        below={at: np.concatenate([part.below[at] for part in parts]) for at in parts[0].below},
    )


def _undominated_mask(losses: Floats, groups: Indices) -> NDArray[np.bool_]:
    """Mask of losses that are the first of their group or lower than all before in it."""
    count = len(losses)
    first = np.ones(count, dtype=bool)
    first[1:] = groups[1:] != groups[:-1]
    # Ranks of a later group are lower than all of an earlier one, so one running minimum suffices.
    ranks = np.unique(losses, return_inverse=True)[1] - np.cumsum(first) * count
    lower = first.copy()
    lower[1:] |= ranks[1:] < np.minimum.accumulate(ranks)[:-1]
    return lower
