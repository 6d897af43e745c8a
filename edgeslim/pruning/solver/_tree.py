"""The order in which variables are eliminated, and the tree of cliques that follows from it.

Bucket elimination (Dechter 1999, https://doi.org/10.1016/S0004-3702(99)00059-4): eliminating a
variable joins all relations that have it into a clique, whose minimum over the variable
is a relation of the others, the message to the clique that eliminates the next of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeslim.errors import UsageError
from edgeslim.pruning.solver._problem import ChoiceProblem, Floats
from edgeslim.pruning.solver._relations import Relation, Relations, relations

__all__ = ["Child", "Clique", "TooManyCombinationsError", "build_tree"]

Indices = NDArray[np.int64]

_MOST_ROWS = 8_000_000
"""About 2 GB. A ResNet50 with 24 widths a group takes 250,000, with 64 widths 4.5 million."""


class TooManyCombinationsError(UsageError):
    """Costs tie so many variables together that their combinations fill the memory."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Child:
    """A clique whose message its parent takes.

    Attributes:
        clique: Index of the child in the tree.
        keys: Key of the message for each row of the parent, ``(rows,)``.
        order: Rows of the parent, sorted by key.
        starts: Where in ``order`` a key begins, for each key that occurs.
        present: The keys that occur, ascending.
    """

    clique: int
    keys: Indices
    order: Indices
    starts: Indices
    present: Indices


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clique:
    """Rows of choices, of the variable that is eliminated and of the others, its separator.

    Attributes:
        variable: Variable that it eliminates; -1 for the last, which joins what is left.
        choices: Choice of that variable in each row, ``(rows,)``.
        costs: Cost of each row by the relations that were joined here, ``(rows,)``.
        losses: Loss of each row by the same relations, ``(rows,)``.
        keys: Combination of the separator's choices of each row, ascending, ``(rows,)``.
        starts: First row of each key, ``(keys,)``; each key has rows.
        children: Cliques whose messages it takes.
    """

    variable: int
    choices: Indices
    costs: Floats
    losses: Floats
    keys: Indices
    starts: Indices
    children: tuple[Child, ...]


def build_tree(problem: ChoiceProblem) -> list[Clique]:
    """Builds the cliques, children before their parents; the last takes the rest.

    Raises:
        TooManyCombinationsError: The costs tie too many variables together.
    """
    compiled = relations(problem)
    sizes = compiled.sizes
    open_relations = list(compiled.relations)
    messages: dict[int, Relation] = {}
    cliques: list[Clique] = []
    for variable in _order(compiled):
        taken = [relation for relation in open_relations if variable in relation.scope]
        open_relations = [relation for relation in open_relations if variable not in relation.scope]
        inner = {at: relation for at, relation in messages.items() if variable in relation.scope}
        joined = _join([*taken, *inner.values()], sizes)
        clique, message = _eliminate(joined, variable, inner, sizes)
        messages = {at: relation for at, relation in messages.items() if at not in inner}
        messages[len(cliques)] = message
        cliques.append(clique)
    nothing = np.zeros(1)
    last = Relation(
        scope=(),
        rows=np.zeros((1, 0), dtype=np.int64),
        costs=nothing + problem.constant,
        losses=nothing,
    )
    cliques.append(_eliminate(last, -1, messages, sizes)[0])
    return cliques


def _join(parts: list[Relation], sizes: tuple[int, ...]) -> Relation:
    """Joins relations, small ones first, so that intermediate results stay small."""
    waiting = sorted(parts, key=lambda relation: len(relation.rows))
    joined = waiting.pop(0)
    while waiting:
        overlap = [len(set(relation.scope) - set(joined.scope)) for relation in waiting]
        joined = joined.join(waiting.pop(overlap.index(min(overlap))), sizes)
    return joined


def _eliminate(
    joined: Relation, variable: int, messages: dict[int, Relation], sizes: tuple[int, ...]
) -> tuple[Clique, Relation]:
    separator = tuple(other for other in joined.scope if other != variable)
    keys = joined.keys(separator, sizes)
    order = np.argsort(keys, kind="stable")
    starts = _starts(keys[order])
    index = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(keys)))
    joined = Relation(
        scope=joined.scope,
        rows=joined.rows[order],
        costs=joined.costs[order],
        losses=joined.losses[order],
    )
    own = joined.column(variable) if variable >= 0 else np.zeros(len(keys), dtype=np.int64)
    clique = Clique(
        variable=variable,
        choices=own,
        costs=joined.costs,
        losses=joined.losses,
        keys=index,
        starts=starts,
        children=tuple(_child(joined, at, message, sizes) for at, message in messages.items()),
    )
    nothing = np.zeros(len(starts))
    columns = [joined.column(other)[starts] for other in separator]
    rows = np.column_stack(columns) if columns else np.zeros((1, 0), dtype=np.int64)
    return clique, Relation(scope=separator, rows=rows, costs=nothing, losses=nothing)


def _child(joined: Relation, at: int, message: Relation, sizes: tuple[int, ...]) -> Child:
    # A message's rows are its keys, in ascending order of the separator's combinations.
    wanted = joined.keys(message.scope, sizes)
    keys = np.searchsorted(message.keys(message.scope, sizes), wanted)
    order = np.argsort(keys, kind="stable")
    starts = _starts(keys[order])
    return Child(clique=at, keys=keys, order=order, starts=starts, present=keys[order[starts]])


def _starts(ascending: Indices) -> Indices:
    """Index at which each number begins."""
    return np.flatnonzero(np.diff(ascending, prepend=-1))


def _order(compiled: Relations) -> list[int]:
    """Order of elimination: always the variable whose clique has the fewest rows.

    Raises:
        TooManyCombinationsError: There would be more rows than fit the memory.
    """
    near: dict[int, set[int]] = {variable: set() for variable in range(len(compiled.sizes))}
    for relation in compiled.relations:
        for variable in relation.scope:
            near[variable] |= set(relation.scope) - {variable}
    weights = {variable: _weight(variable, near, compiled) for variable in near}
    order: list[int] = []
    rows = 0
    while near:
        best = min(near, key=lambda variable: (weights[variable], variable))
        rows += weights.pop(best)
        if rows > _MOST_ROWS:
            # The caller does not know the variables of partial sums.
            tied = sorted(other for other in {best, *near[best]} if other < compiled.own)
            raise TooManyCombinationsError(
                f"costs tie variables {tied} so closely that more than {_MOST_ROWS} combinations "
                f"of choices would have to be listed: offer fewer choices"
            )
        around = near.pop(best)
        order.append(best)
        for variable in around:
            near[variable] |= around - {variable}
            near[variable].discard(best)
        for variable in around.union(*(near[neighbour] for neighbour in around)):
            weights[variable] = _weight(variable, near, compiled)
    return order


def _weight(variable: int, near: dict[int, set[int]], compiled: Relations) -> int:
    scope = near[variable] | {variable}
    weight = 1
    for member in scope:
        # A partial sum among its own parts adds no rows.
        if not set(compiled.parts.get(member, (-1,))) <= scope:
            weight *= compiled.sizes[member]
    return weight
