"""What a space's networks have in common before they are trained: names, shapes and values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgeslim.errors import ModelError
from edgeslim.execution import Target
from edgeslim.ops import macs
from edgeslim.training._shared_weights import places, slices_of
from edgeslim.training.trainer import seeded_build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from edgeslim.spaces import Space, Tokens

    Array = NDArray[Any]

__all__ = ["ends", "first_values", "telling_networks"]

_DRAWN = 8


def ends(space: Space) -> tuple[Tokens, Tokens]:
    """The smallest and the largest network of a space.

    Each token has the value that makes the start do least or most work when it alone is
    changed; where that is the same, with fewer or more operators; and else the first or last.
    Values need not rise with what they mean.
    """

    def size(place: int, value: int) -> tuple[int, int, int]:
        tokens = list(space.initial_tokens)
        tokens[place] = value
        operators = space.operators(tuple(tokens), Target.ARM)
        return macs(operators), len(operators), value

    sizes = [
        [size(place, value) for value in range(count)] for place, count in enumerate(space.ranges)
    ]
    return tuple(min(each)[-1] for each in sizes), tuple(max(each)[-1] for each in sizes)


def telling_networks(space: Space, seed: int) -> Iterator[Tokens]:
    """Networks whose parameters are together as large as those of any, the largest first.

    The ends, the largest with each token changed to each of its values, and some at random.
    """
    smallest, largest = ends(space)
    yield largest
    for place, count in enumerate(space.ranges):
        for value in range(count):
            if value != largest[place]:
                yield (*largest[:place], value, *largest[place + 1 :])
    yield smallest
    for drawn in np.random.default_rng(seed).integers(0, space.ranges, (_DRAWN, len(smallest))):
        yield tuple(map(int, drawn))


def first_values(
    space: Space, seed: int, on_share: Callable[[float], None] = lambda _: None
) -> dict[str, Array]:
    """First values of every parameter that networks of a space have, as large as any needs.

    They are the largest network's. What it has not is taken from the next that has; what none
    has is drawn with the mean and deviation of the rest.

    Args:
        space: The space.
        seed: Decides all values.
        on_share: Called after each network with its share of all that are built.

    Raises:
        ModelError: A parameter has another number of axes in another network; names it.
    """
    networks = list(dict.fromkeys(telling_networks(space, seed)))
    found: dict[str, Array] = {}
    filters: set[str] = set()
    for tokens in networks:
        net = seeded_build(lambda tokens=tokens: space.build(tokens), seed)  # type: ignore[misc]
        for place in places(net):
            own = place.tensor.numpy()
            known = found.get(place.name, own)
            if known.ndim != own.ndim:
                raise ModelError(
                    f"parameter {place.name} has {known.ndim} axes in one network of "
                    f"{space.name} and {own.ndim} in another ({','.join(map(str, tokens))}), so "
                    "it cannot be shared; give different parts different names"
                )
            found[place.name] = _joined(known, own, is_filter=place.is_filter)
            if place.is_filter:
                filters.add(place.name)
        on_share(1 / len(networks))
    generator = np.random.default_rng(seed)
    return {name: _without_gaps(value, generator) for name, value in found.items()}


def _joined(known: Array, own: Array, *, is_filter: bool) -> Array:
    """``known``, and of ``own`` what is beyond it; nan where neither has anything."""
    shape = tuple(map(max, known.shape, own.shape))
    if shape == known.shape and not np.isnan(known).any():
        return known
    joined = np.full(shape, np.nan, known.dtype)
    joined[slices_of(shape, own.shape, is_filter=is_filter)] = own
    part = joined[slices_of(shape, known.shape, is_filter=is_filter)]
    np.copyto(part, known, where=~np.isnan(known))
    return joined


def _without_gaps(value: Array, generator: np.random.Generator) -> Array:
    gaps = np.isnan(value)
    if gaps.any():
        mean, deviation = np.nanmean(value), np.nanstd(value)
        value[gaps] = generator.normal(mean, deviation, int(gaps.sum()))
    return value
