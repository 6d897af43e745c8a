"""Costs and losses as relations: rows of choices that are compatible, with their costs.

A dense table has a row for each combination. That one variable is the sum of two others is a
relation too, with only the rows that add up, so that sums need no more rows than necessary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeslim.pruning.solver._problem import ChoiceProblem, Floats, SumFactor

__all__ = ["Relation", "Relations", "relations"]

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relation:
    """Combinations of choices of some variables.

    Attributes:
        scope: Variable of each column.
        rows: Indices of choices, ``(rows, columns)``; all rows are different.
        costs: Cost of each row, ``(rows,)``.
        losses: Loss of each row, ``(rows,)``.
    """

    scope: tuple[int, ...]
    rows: Indices
    costs: Floats
    losses: Floats

    def column(self, variable: int) -> Indices:
        """Choices of one variable, ``(rows,)``."""
        values: Indices = self.rows[:, self.scope.index(variable)]
        return values

    def keys(self, variables: tuple[int, ...], sizes: tuple[int, ...]) -> Indices:
        """One number for each combination of these variables, ``(rows,)``; 0 for none."""
        keys = np.zeros(len(self.rows), dtype=np.int64)
        for variable in variables:
            keys = keys * sizes[variable] + self.column(variable)
        return keys

    def join(self, other: Relation, sizes: tuple[int, ...]) -> Relation:
        """The natural join of two relations; costs and losses of joined rows are added."""
        shared = tuple(variable for variable in self.scope if variable in other.scope)
        new = tuple(variable for variable in other.scope if variable not in shared)
        other_keys = other.keys(shared, sizes)
        order = np.argsort(other_keys, kind="stable")
        keys, other_keys = self.keys(shared, sizes), other_keys[order]
        first = np.searchsorted(other_keys, keys, side="left")
        counts = np.searchsorted(other_keys, keys, side="right") - first
        mine = np.repeat(np.arange(len(keys)), counts)
        within = np.arange(len(mine)) - np.repeat(np.cumsum(counts) - counts, counts)
        theirs = order[first[mine] + within]
        columns = [other.column(variable)[theirs] for variable in new]
        return Relation(
            scope=self.scope + new,
            rows=np.column_stack([self.rows[mine], *columns]),
            costs=self.costs[mine] + other.costs[theirs],
            losses=self.losses[mine] + other.losses[theirs],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """A problem's relations, with variables of its partial sums after its own.

    Attributes:
        own: How many variables are the problem's own.
        sizes: How many choices each variable has.
        parts: For each partial sum, the two variables that determine it.
        relations: All losses and costs except the constant.
    """

    own: int
    sizes: tuple[int, ...]
    parts: dict[int, tuple[int, int]]
    relations: tuple[Relation, ...]


def relations(problem: ChoiceProblem) -> Relations:
    """Relations of a problem.

    A sum of many parts is added up one part after another; the partial sums are variables, and
    sums that begin alike share them, as the layers of a DenseNet do.
    """
    building = _RelationBuilder(problem)
    for variable, losses in enumerate(problem.losses):
        building.add((variable,), np.zeros_like(losses), losses)
    for factor in problem.factors:
        building.add(factor.variables, factor.costs, np.zeros_like(factor.costs))
    for sum_factor in problem.sums:
        building.add_sum(sum_factor)
    return Relations(
        own=len(problem.losses),
        sizes=tuple(building.sizes),
        parts=building.parts,
        relations=tuple(building.relations),
    )


class _RelationBuilder:
    def __init__(self, problem: ChoiceProblem) -> None:
        self.sizes = [len(losses) for losses in problem.losses]
        self.parts: dict[int, tuple[int, int]] = {}
        self.relations: list[Relation] = []
        self._partial: dict[tuple[object, ...], tuple[int, Indices]] = {}

    def add(self, scope: tuple[int, ...], costs: Floats, losses: Floats) -> None:
        """A dense table."""
        rows = np.indices(costs.shape).reshape(len(scope), -1).T
        self.relations.append(
            Relation(scope=scope, rows=rows, costs=costs.ravel(), losses=losses.ravel())
        )

    def add_sum(self, factor: SumFactor) -> None:
        widths: dict[int, Indices] = {}
        for variable, part_widths in zip(factor.variables, factor.widths, strict=True):
            widths[variable] = widths.get(variable, 0) + part_widths
        (total, values), *parts = widths.items()
        prefix: tuple[object, ...] = (total, values.tobytes())
        for variable, part_widths in parts:
            prefix += (variable, part_widths.tobytes())
            if prefix not in self._partial:
                self._partial[prefix] = self._add_partial(total, values, variable, part_widths)
            total, values = self._partial[prefix]
        costs = factor.costs[np.searchsorted(factor.totals, values)]
        if factor.output is None:
            self.add((total,), costs, np.zeros_like(costs))
        elif factor.output == total:
            costs = np.diagonal(costs).copy()
            self.add((total,), costs, np.zeros_like(costs))
        else:
            self.add((total, factor.output), costs, np.zeros_like(costs))

    def _add_partial(
        self, total: int, values: Indices, variable: int, widths: Indices
    ) -> tuple[int, Indices]:
        sums = values[:, None] + widths
        distinct, index = np.unique(sums, return_inverse=True)
        both = np.indices(sums.shape).reshape(2, -1).T
        new = len(self.sizes)
        self.sizes.append(len(distinct))
        self.parts[new] = (total, variable)
        nothing = np.zeros(sums.size)
        self.relations.append(
            Relation(
                scope=(total, variable, new),
                rows=np.column_stack([both, index.ravel()]),
                costs=nothing,
                losses=nothing,
            )
        )
        return new, distinct
