"""Search algorithms, one file each."""

from __future__ import annotations

import math
from functools import partial
from inspect import Parameter, signature

from edgeslim.algorithms._algorithm import Algorithm, AlgorithmFactory, Problem
from edgeslim.errors import UsageError
from edgeslim.registry import Shelf

__all__ = ["ALGORITHMS", "Algorithm", "AlgorithmFactory", "Problem", "find_algorithm"]

ALGORITHMS: Shelf[AlgorithmFactory] = Shelf(
    what="search algorithm", package="edgeslim.algorithms", attribute="ALGORITHM"
)
"""All algorithms, by name."""


def find_algorithm(text: str) -> AlgorithmFactory:
    """An algorithm by name, with values of its parameters if any are given.

    Args:
        text: Name of an algorithm, or with its parameters such as
            ``annealing:initial_temperature=100,reduce_rate=0.9``.

    Raises:
        UsageError: No such algorithm or parameter, or a value that is not above 0.
    """
    name, _, given = text.partition(":")
    make = ALGORITHMS.get(name)
    if not given:
        return make
    known = [
        parameter.name
        for parameter in signature(make).parameters.values()
        if parameter.kind is Parameter.KEYWORD_ONLY
    ]
    numbers = {}
    for part in given.split(","):
        key, _, value = part.partition("=")
        if key.strip() not in known:
            raise UsageError(
                f"{name} has no {key.strip()!r}; it has {', '.join(known) or 'nothing to set'}"
            )
        numbers[key.strip()] = _positive(value, f"{name}'s {key.strip()}")
    return partial(make, **numbers)


def _positive(text: str, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise UsageError(f"{what} must be a number above 0, not {text!r}")
    return number
