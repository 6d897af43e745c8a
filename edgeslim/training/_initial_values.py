"""Initial values of the weights that all networks of a space share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgeslim.errors import ModelError
from edgeslim.execution import Target
from edgeslim.ops import macs
from edgeslim.training._shared_weights import parameter_slots, slices_of
from edgeslim.training.trainer import build_seeded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from edgeslim.spaces import Space, Tokens

    Array = NDArray[Any]

__all__ = ["covering_networks", "extreme_networks", "initial_values"]

_RANDOM_NETWORKS = 8


def extreme_networks(space: Space) -> tuple[Tokens, Tokens]:
    """The tokens of the smallest and of the largest network of a space.

    Each token has the value with which the start does least or most work when it alone is
    changed; among equals the one with fewest or most operators, and then the first or last.
    Larger values need not mean larger networks.
    """

    def size(position: int, value: int) -> tuple[int, int, int]:
        tokens = list(space.initial_tokens)
        tokens[position] = value
        operators = space.operators(tuple(tokens), Target.ARM)
        return macs(operators), len(operators), value

    sizes = [
        [size(position, value) for value in range(count)]
        for position, count in enumerate(space.ranges)
    ]
    return tuple(min(choices)[-1] for choices in sizes), tuple(
        max(choices)[-1] for choices in sizes
    )


def covering_networks(space: Space, seed: int) -> Iterator[Tokens]:
    """Networks that together have every parameter at its largest; the largest network first.

    The largest and the smallest one, the largest with each token changed to each of its values,
    and some at random.
    """
    smallest, largest = extreme_networks(space)
    yield largest
    for position, count in enumerate(space.ranges):
        for value in range(count):
            if value != largest[position]:
                yield (*largest[:position], value, *largest[position + 1 :])
    yield smallest
    drawn = np.random.default_rng(seed)
    for tokens in drawn.integers(0, space.ranges, (_RANDOM_NETWORKS, len(smallest))):
        yield tuple(map(int, tokens))


def initial_values(
    space: Space, seed: int, on_share: Callable[[float], None] = lambda _: None
) -> dict[str, Array]:
    """Initial values of every parameter that networks of a space have, at its largest shape.

    They are those of the largest network. What it lacks is taken from the next network that has
    it; what none has is drawn with the mean and the deviation of the rest.

    Args:
        space: The space whose networks share them.
        seed: Seed that decides all values.
        on_share: Called after each network with its fraction of all that are built.

    Raises:
        ModelError: A parameter has another number of axes in another network; names it.
    """
    networks = list(dict.fromkeys(covering_networks(space, seed)))
    found: dict[str, Array] = {}
    for tokens in networks:
        net = build_seeded(lambda tokens=tokens: space.build(tokens), seed)  # type: ignore[misc]
        for slot in parameter_slots(net):
            own = slot.tensor.numpy()
            known = found.get(slot.name, own)
            if known.ndim != own.ndim:
                raise ModelError(
                    f"parameter {slot.name} has {known.ndim} axes in one network of "
                    f"{space.name} and {own.ndim} in another ({','.join(map(str, tokens))}), so "
                    "it cannot be shared; give different parts different names"
                )
            found[slot.name] = _merge(known, own, is_filter=slot.is_filter)
        on_share(1 / len(networks))
    generator = np.random.default_rng(seed)
    return {name: _fill_gaps(value, generator) for name, value in found.items()}


def _merge(known: Array, own: Array, *, is_filter: bool) -> Array:
    """``known``, extended by what ``own`` has beyond it; nan where neither has a value."""
    shape = tuple(map(max, known.shape, own.shape))
    if shape == known.shape and not np.isnan(known).any():
        return known
    joined = np.full(shape, np.nan, known.dtype)
    joined[slices_of(shape, own.shape, is_filter=is_filter)] = own
    part = joined[slices_of(shape, known.shape, is_filter=is_filter)]
    np.copyto(part, known, where=~np.isnan(known))
    return joined


def _fill_gaps(value: Array, generator: np.random.Generator) -> Array:
    gaps = np.isnan(value)
    if gaps.any():
        mean, deviation = np.nanmean(value), np.nanstd(value)
        value[gaps] = generator.normal(mean, deviation, int(gaps.sum()))
    return value
