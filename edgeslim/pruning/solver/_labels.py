"""All plans that may be better than one known, built from their parts.

A label is what some choice of all variables below a clique costs and loses. Of the labels of
one key those stay that no other undercuts in both (label setting, as for shortest paths with a
resource: Desrochers and Soumis 1988, https://doi.org/10.1080/03155986.1988.11732063), and that
can be completed within the limits, by the exact minima over all that is still open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeslim.pruning.solver._problem import Choices, Floats
from edgeslim.pruning.solver._reduced import Limits, ReducedChild, ReducedClique

__all__ = ["Allowance", "Labels", "WorkDoneError", "choices_of", "label_all"]

Indices = NDArray[np.int64]

_AT_ONCE = 1 << 18
"""Pairs that are looked at together: what they need fits a cache."""


class WorkDoneError(Exception):
    """More pairs of labels would have to be looked at than are allowed."""


@dataclass(slots=True, kw_only=True)
class Allowance:
    """What may be spent on labels.

    Attributes:
        pairs: How many pairs of labels may still be looked at.
        most: If given, about how many labels a clique keeps; the best plan may be missed then.
    """

    pairs: int
    most: int | None = None

    def spend(self, pairs: int) -> None:
        """Counts pairs before they are looked at; raises ``WorkDoneError``."""
        if pairs > self.pairs:
            raise WorkDoneError
        self.pairs -= pairs


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labels:
    """Labels of a clique.

    Attributes:
        costs: ``(labels,)``.
        losses: ``(labels,)``.
        rows: Of each label the row of the clique, ``(labels,)``.
        below: Of each child, by its clique, the label that was joined, ``(labels,)``.
    """

    costs: Floats
    losses: Floats
    rows: Indices
    below: dict[int, Indices]

    def take(self, chosen: Indices) -> Labels:
        """Some of them."""
        return Labels(
            costs=self.costs[chosen],
            losses=self.losses[chosen],
            rows=self.rows[chosen],
            below={at: each[chosen] for at, each in self.below.items()},
        )

    def undominated(self, groups: Indices, most: int | None) -> Labels:
        """Those that none of their group undercuts, by group, then cost.

        If more than ``most`` are left, steps of loss are counted as equal, and ever larger
        ones, until there are so few; the cheapest of each group stays in any case.
        """
        order = np.lexsort((self.losses, self.costs, groups))
        losses, groups = self.losses[order], groups[order]
        keep = _falling(losses, groups)
        order, losses, groups = order[keep], losses[keep], groups[keep]
        if most is not None and len(order) > most:
            most += len(np.unique(groups))
            step = (losses.max() - losses.min()) / len(order)
            while len(order) > most:
                keep = _falling(np.floor(losses / step), groups)
                order, losses, groups = order[keep], losses[keep], groups[keep]
                step *= 2
        return self.take(order)


def label_all(
    tree: list[ReducedClique], limits: Limits, loss: float, allowance: Allowance
) -> list[Labels]:
    """Labels of every clique, of all plans within the budget that lose no more than ``loss``.

    Args:
        tree: Reduced for a loss that is not lower.
        limits: What plans are held to.
        loss: Most that a plan may lose.
        allowance: Is spent.

    Raises:
        WorkDoneError: There is too much to look at.
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
        below.update({child: int(each[own]) for child, each in labels[at].below.items()})
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
        # Small ones first: what they rule out is not multiplied by the large ones.
        for child in sorted(clique.children, key=lambda each: len(self.done[each.clique].rows)):
            if labels.below:
                labels = labels.undominated(labels.rows, self._allowance.most)
            room = room + child.least
            labels = self._joined(labels, child, room)
        self.done.append(labels.undominated(clique.keys[labels.rows], self._allowance.most))

    def _joined(self, labels: Labels, child: ReducedChild, room: Floats) -> Labels:
        """Each label with each of the child's that goes with its row, if both fit the room."""
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
            below = {at: each[mine[fits]] for at, each in labels.below.items()}
            below[child.clique] = theirs[fits]
            parts.append(
                Labels(costs=costs[fits], losses=losses[fits], rows=rows[fits], below=below)
            )
            start = stop
        return _together(parts)


def _together(parts: list[Labels]) -> Labels:
    return Labels(
        costs=np.concatenate([part.costs for part in parts]),
        losses=np.concatenate([part.losses for part in parts]),
        rows=np.concatenate([part.rows for part in parts]),
        below={at: np.concatenate([part.below[at] for part in parts]) for at in parts[0].below},
    )


def _falling(losses: Floats, groups: Indices) -> NDArray[np.bool_]:
    """Where a loss is the first of its group or lower than all of its group before."""
    count = len(losses)
    first = np.ones(count, dtype=bool)
    first[1:] = groups[1:] != groups[:-1]
    # Ranks of a later group are lower than all of an earlier one: one running minimum does.
    ranks = np.unique(losses, return_inverse=True)[1] - np.cumsum(first) * count
    lower = first.copy()
    lower[1:] |= ranks[1:] < np.minimum.accumulate(ranks)[:-1]
    return lower
