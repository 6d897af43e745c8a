"""A sample of networks that represents a whole space."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeslim.errors import InfeasibleTargetError
from edgeslim.execution import Target
from edgeslim.prediction.population_sizes import PopulationSizes
from edgeslim.spaces import Space, Tokens

__all__ = ["spread_networks"]

_AT_ONCE = 1024
_ROUNDS = 100
_DRAWN_FOR_EACH = 50


def spread_networks(
    space: Space,
    count: int,
    generator: np.random.Generator,
    within: Callable[[NDArray[np.int64]], NDArray[np.bool_]] | None = None,
) -> list[Tokens]:
    """Random networks of a space, stratified by their multiply-accumulate operations.

    Many more are drawn uniformly and sorted by their multiply-accumulates into ``count`` groups of
    one size; one of each group is taken.

    Args:
        space: Space that networks are drawn from.
        count: Number of networks to return.
        generator: Source of all randomness.
        within: Mask of the allowed networks of ``(networks, tokens)``; by default all are.

    Raises:
        InfeasibleTargetError: There are not so many, or they are too rare to be found.
    """
    found: dict[Tokens, None] = {}
    for _ in range(_ROUNDS):
        drawn = generator.integers(0, space.ranges, (_AT_ONCE, len(space.ranges)))
        allowed: NDArray[Any] = drawn if within is None else drawn[within(drawn)]
        found.update(dict.fromkeys(tuple(map(int, tokens)) for tokens in allowed))
        if len(found) >= _DRAWN_FOR_EACH * count:
            break
    if len(found) < count:
        raise InfeasibleTargetError(
            f"only {len(found)} networks of {space.name} were found within the limits, in "
            f"{_ROUNDS * _AT_ONCE:,} drawn at random; ask for fewer than {count}, or wider limits"
        )
    networks = list(found)
    macs = PopulationSizes(space, Target.ARM).of(np.array(networks, np.int64)).macs
    groups = np.array_split(np.argsort(macs, kind="stable"), count)
    return [networks[int(generator.choice(group))] for group in groups]
