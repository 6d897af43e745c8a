"""An operator of the catalogue, and the cases that are drawn of it.

Each attribute has a list of values, and so have shapes and surroundings. Case *i* takes the
*i*-th of each list's own endless shuffle, so that every value comes up before one comes up
again, whatever the others are, and the first cases stay the same when more are drawn.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from operator_networks.case import Case
from operator_networks.surroundings import names_before, names_behind

__all__ = ["Operator", "draw"]

Attributes = Mapping[str, Any]

_TRIES = 200


def _any(_attributes: Attributes, _shape: Sequence[int]) -> bool:
    return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Operator:
    """One operator.

    Args:
        build: Makes it of attributes and the shape that it reads: a layer or a function.
        shapes: Shapes of input.
        choices: The values of each attribute.
        fits: Whether attributes and a shape go together.
        exact: Whether its result jumps, so that nothing that rounds may be before it.
        orders: Whether equal elements may come out in any order.
        whole: Whether its result is of integers or truth values.
        behind: What may be behind it, if not all.
        most: Cases that are drawn at most.
    """

    build: Callable[[Attributes, Sequence[int]], Any]
    shapes: Sequence[tuple[int, ...]]
    choices: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    fits: Callable[[Attributes, Sequence[int]], bool] = _any
    exact: bool = False
    orders: bool = False
    whole: bool = False
    behind: Sequence[str] = ()
    most: int = 16

    @property
    def worth(self) -> int:
        """Cases that show all its values, and some of them beside each other."""
        lengths = [len(values) for values in self.choices.values()]
        wanted = max(3, *lengths, sum(lengths) // 2) if lengths else 3
        return min(wanted, self.most)


def draw(name: str, operator: Operator, count: int, seed: int) -> list[Case]:
    """The first cases of an operator."""
    base = zlib.crc32(f"{seed}/{name}".encode())
    axes = {
        "shape": _shuffles(operator.shapes, base, "shape"),
        **{
            f"attribute {attribute}": _shuffles(values, base, attribute)
            for attribute, values in operator.choices.items()
        },
    }
    drawn = []
    for index in range(count):
        shape, attributes = _fitting(operator, axes, base + index)
        around = np.random.default_rng([base, index, 1])
        before = names_before(len(shape), exact=operator.exact)
        behind = operator.behind or names_behind(whole=operator.whole)
        drawn.append(
            Case(
                operator=name,
                attributes=attributes,
                shape=tuple(shape),
                before=before[around.integers(len(before))],
                behind=behind[around.integers(len(behind))],
                seed=(base + index) % 100_000,
            )
        )
    return drawn


def _fitting(
    operator: Operator, axes: Mapping[str, Iterator[Any]], seed: int
) -> tuple[tuple[int, ...], dict[str, Any]]:
    """The next value of each list; if they do not go together, others at random.

    The value of the longest list stays, so that one that seldom fits gets its chance.
    """
    values = {axis: next(each) for axis, each in axes.items()}
    lists = {
        "shape": operator.shapes,
        **{f"attribute {name}": each for name, each in operator.choices.items()},
    }
    longest = max(lists, key=lambda axis: len(lists[axis]))
    generator = np.random.default_rng(seed)
    for attempt in range(_TRIES):
        shape = values["shape"]
        attributes = {name: values[f"attribute {name}"] for name in operator.choices}
        if operator.fits(attributes, shape):
            return shape, attributes
        for axis, options in lists.items():
            if (axis != longest or attempt > _TRIES // 2) and generator.random() < 0.5:
                values[axis] = options[generator.integers(len(options))]
    raise ValueError(f"nothing fits: {attributes} on {shape}")


def _shuffles(values: Sequence[Any], base: int, axis: str) -> Iterator[Any]:
    generator = np.random.default_rng([base, zlib.crc32(axis.encode())])
    while True:
        for place in generator.permutation(len(values)):
            yield values[place]
