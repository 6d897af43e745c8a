"""The corpus: so many cases of all operators, by one seed."""

from __future__ import annotations

from collections.abc import Sequence

from operator_networks.case import Case
from operator_networks.catalogue import OPERATORS
from operator_networks.drawing import draw

__all__ = ["corpus", "sample"]


def corpus(count: int, seed: int) -> list[Case]:
    """Cases of every operator, more of those that have more values; the same for a seed.

    Args:
        count: How many in all; no operator goes without.
        seed: Another one, other cases.
    """
    worths = {name: operator.worth for name, operator in OPERATORS.items()}
    share = count / sum(worths.values())
    wanted = {name: max(1, int(worth * share)) for name, worth in worths.items()}
    # What rounding left over goes where it took most.
    order = sorted(worths, key=lambda name: (wanted[name] - worths[name] * share, name))
    for name in order[: max(0, count - sum(wanted.values()))]:
        wanted[name] += 1
    return [
        case
        for name, operator in OPERATORS.items()
        for case in draw(name, operator, wanted[name], seed)
    ]


def sample(names: Sequence[str], seed: int) -> list[Case]:
    """The first case of each of some operators."""
    return [draw(name, OPERATORS[name], 1, seed)[0] for name in names]
