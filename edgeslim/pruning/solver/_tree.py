"""The order in which variables are eliminated, and the tree of cliques that it makes.

Bucket elimination (Dechter 1999, https://doi.org/10.1016/S0004-3702(99)00059-4): taking a
variable out joins all relations that name it into a clique, whose minimum over the variable
is a relation of the others, the message to the clique that takes the next of them out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeslim.errors import UsageError
from edgeslim.pruning.solver._problem import Floats, Problem
from edgeslim.pruning.solver._relations import Relation, Relations, relations

__all__ = ["Child", "Clique", "TooTiedError", "build_tree"]

Indices = NDArray[np.int64]

_MOST_ROWS = 8_000_000
"""About 2 GB. A ResNet50 with 24 widths a group takes 250,000, with 64 widths 4.5 million."""


class TooTiedError(UsageError):
    """Costs tie so many variables together that their combinations fill the memory."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Child:
    """A clique whose message another takes.

    Attributes:
        clique: Where it is in the tree.
        keys: Of each row of the taker the key of the message that goes with it, ``(rows,)``.
        order: The taker's rows, sorted by key.
        starts: Where in ``order`` a key begins, for each key that occurs.
        present: The keys that occur.
    """

    clique: int
    keys: Indices
    order: Indices
    starts: Indices
    present: Indices


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clique:
    """Rows of choices, of the variable that goes and of those that stay: its separator.

    Attributes:
        variable: What it eliminates; -1 for the last, which joins what is left.
        choices: Choice of that variable in each row, ``(rows,)``.
        costs: ``(rows,)``, of the relations that were joined here.
        losses: ``(rows,)``.
        keys: Which combination of the separator each row has, ascending, ``(rows,)``.
        starts: First row of each key, ``(keys,)``; each key has rows.
        children: Whose messages it takes.
    """

    variable: int
    choices: Indices
    costs: Floats
    losses: Floats
    keys: Indices
    starts: Indices
    children: tuple[Child, ...]


def build_tree(problem: Problem) -> list[Clique]:
    """Cliques, children before those that take their messages; the last takes the rest.

    Raises:
        TooTiedError: The costs tie too many variables together.
    """
    compiled = relations(problem)
    sizes = compiled.sizes
    open_relations = list(compiled.relations)
    messages: dict[int, Relation] = {}
    cliques: list[Clique] = []
    for variable in _order(compiled):
        taken = [relation for relation in open_relations if variable in relation.scope]
        open_relations = [each for each in open_relations if variable not in each.scope]
        inner = {at: each for at, each in messages.items() if variable in each.scope}
        joined = _join([*taken, *inner.values()], sizes)
        clique, message = _eliminate(joined, variable, inner, sizes)
        messages = {at: each for at, each in messages.items() if at not in inner}
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
    """Small before large, so that what goes together is known before it is multiplied out."""
    waiting = sorted(parts, key=lambda each: len(each.rows))
    joined = waiting.pop(0)
    while waiting:
        overlap = [len(set(each.scope) - set(joined.scope)) for each in waiting]
        joined = joined.joined(waiting.pop(overlap.index(min(overlap))), sizes)
    return joined


def _eliminate(
    joined: Relation, variable: int, messages: dict[int, Relation], sizes: tuple[int, ...]
) -> tuple[Clique, Relation]:
    separator = tuple(each for each in joined.scope if each != variable)
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
        children=tuple(_child(joined, at, each, sizes) for at, each in messages.items()),
    )
    nothing = np.zeros(len(starts))
    columns = [joined.column(each)[starts] for each in separator]
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
    """Where each number begins."""
    return np.flatnonzero(np.diff(ascending, prepend=-1))


def _order(compiled: Relations) -> list[int]:
    """Always the variable whose clique has the fewest rows, by the sizes alone.

    Raises:
        TooTiedError: There would be more rows than memory is good for.
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
            # Partial sums are no names for the caller.
            tied = sorted(each for each in {best, *near[best]} if each < compiled.own)
            raise TooTiedError(
                f"costs tie variables {tied} so closely that more than {_MOST_ROWS} combinations "
                f"of choices would have to be listed: offer fewer choices"
            )
        around = near.pop(best)
        order.append(best)
        for variable in around:
            near[variable] |= around - {variable}
            near[variable].discard(best)
        for variable in around.union(*(near[each] for each in around)):
            weights[variable] = _weight(variable, near, compiled)
    return order


def _weight(variable: int, near: dict[int, set[int]], compiled: Relations) -> int:
    scope = near[variable] | {variable}
    weight = 1
    for each in scope:
        # A partial sum among its own parts adds no rows.
        if not set(compiled.parts.get(each, (-1,))) <= scope:
            weight *= compiled.sizes[each]
    return weight
