"""The cheapest choice for each of many variables, where some pairs of them depend on each other.

Variables are eliminated one after the other (bucket elimination; Dechter, 1999): the one with the
fewest neighbours is replaced by the cost of its best choice for each combination of theirs. In a
network the forms of a place depend on those of the places next to it, so the tables stay small and
the result is exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from edgeslim.errors import UsageError

__all__ = ["Costs", "cheapest_choices"]

Costs = np.ndarray[Any, np.dtype[np.float64]]

_MOST = 10**7
"""Most numbers in a table."""


def cheapest_choices(
    single: Sequence[Costs], pairs: Mapping[tuple[int, int], Costs]
) -> tuple[int, ...]:
    """The choices with the least sum of costs; the first of equal ones.

    Args:
        single: For each variable, the cost of each of its choices.
        pairs: For some pairs of variables, the first with the lower number, what each combination
            of their choices costs on top, ``(choices of one, choices of the other)``.

    Raises:
        UsageError: So many variables depend on each other that the tables do not fit.
    """
    factors: list[tuple[tuple[int, ...], Costs]] = [
        ((variable,), np.asarray(costs, np.float64)) for variable, costs in enumerate(single)
    ]
    factors += [(pair, np.asarray(costs, np.float64)) for pair, costs in pairs.items()]
    sizes = [len(costs) for costs in single]
    left = set(range(len(sizes)))
    solved: list[tuple[int, tuple[int, ...], Costs]] = []
    while left:
        variable = min(left, key=lambda one: (_extent(one, factors, sizes), one))
        own = [factor for factor in factors if variable in factor[0]]
        factors = [factor for factor in factors if variable not in factor[0]]
        around = tuple(sorted({one for scope, _ in own for one in scope} - {variable}))
        if prod(sizes[one] for one in (*around, variable)) > _MOST:
            raise UsageError(f"{len(around)} places of the network depend on the same one")
        scope = (*around, variable)
        table = np.zeros([sizes[one] for one in scope])
        for names, costs in own:
            table = table + _spread(costs, names, scope)
        solved.append((variable, around, table))
        if around:
            factors.append((around, table.min(axis=-1)))
        left.remove(variable)
    chosen: dict[int, int] = {}
    for variable, around, table in reversed(solved):
        chosen[variable] = int(np.argmin(table[tuple(chosen[one] for one in around)]))
    return tuple(chosen[variable] for variable in range(len(sizes)))


def _extent(
    variable: int, factors: Sequence[tuple[tuple[int, ...], Costs]], sizes: Sequence[int]
) -> int:
    """Numbers in the table that eliminating a variable makes."""
    around = {one for scope, _ in factors if variable in scope for one in scope}
    return prod(sizes[one] for one in around)


def _spread(costs: Costs, names: tuple[int, ...], scope: tuple[int, ...]) -> Costs:
    """Costs with an axis for each variable of a scope, of extent 1 where they do not depend."""
    order = sorted(range(len(names)), key=lambda axis: scope.index(names[axis]))
    shape = [costs.shape[names.index(one)] if one in names else 1 for one in scope]
    return np.transpose(costs, order).reshape(shape)
