"""Attributes that say how large a tensor is, for a network with fewer channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from edgeslim.opspec import Attribute, OpSpec, Shape

__all__ = [
    "Kept",
    "Resizing",
    "SizeRule",
    "reshaped_sizes",
    "same",
    "sections",
    "sliced",
    "squeezed",
]

Kept = np.ndarray[Any, np.dtype[np.bool_]]
"""Whether each position of an axis stays."""


class Resizing(NamedTuple):
    """An operator that other channels go through.

    Args:
        old: As it was.
        new: With its new shapes, and its old attributes.
        kept: What stays of an axis of the first tensor it reads; None if all of it.
    """

    old: OpSpec
    new: OpSpec
    kept: Callable[[int], Kept | None]


SizeRule = Callable[[Resizing], Mapping[str, Attribute]]
"""Attributes of an operator that change with its channels, with their new values."""


def same(_: Resizing) -> Mapping[str, Attribute]:
    """Nothing in the attributes depends on channels."""
    return {}


def reshaped_sizes(change: Resizing) -> Mapping[str, Attribute]:
    """The shape that is asked for, or stretched to; 0 and -1 still mean what they did."""
    wanted = _numbers(change.old.attributes["shape"])
    read = (*_read(change.new), *(0,) * len(wanted))
    sizes = tuple(
        each if each < 0 or (each == 0 and old == new) else new
        for each, old, new in zip(wanted, read, change.new.output_shape, strict=False)
    )
    return {} if sizes == wanted else {"shape": sizes}


def sections(change: Resizing) -> Mapping[str, Attribute]:
    """How long each part of a split is: they may differ now."""
    axis = change.old.attributes["axis"]
    assert isinstance(axis, int)  # noqa: S101 - its default says so
    parts = [shape for shapes in change.new.outputs.values() for shape in shapes]
    before = [shape for shapes in change.old.outputs.values() for shape in shapes]
    sizes = tuple(shape[axis] for shape in parts)
    if sizes == tuple(shape[axis] for shape in before):
        return {}
    if change.old.attributes["num"] and len(set(sizes)) == 1:
        return {}
    return {"num": 0, "sections": sizes}


def sliced(change: Resizing) -> Mapping[str, Attribute]:
    """Where the parts start and end among what stays."""
    attributes = change.old.attributes
    starts, ends = (list(_numbers(attributes[name])) for name in ("starts", "ends"))
    for place, axis in enumerate(_numbers(attributes["axes"])):
        kept = change.kept(axis)
        if kept is not None:
            part = range(*slice(starts[place], ends[place]).indices(kept.size))
            starts[place] = int(kept[: part.start].sum())
            ends[place] = starts[place] + int(kept[part.start : part.stop].sum())
    new = {"starts": tuple(starts), "ends": tuple(ends)}
    return {name: value for name, value in new.items() if value != attributes[name]}


def squeezed(change: Resizing) -> Mapping[str, Attribute]:
    """The axes that had one element before: one channel left is not to be dropped with them."""
    shape, wanted = _read(change.old), _numbers(change.old.attributes["axes"])
    ones = tuple(axis for axis in wanted or range(len(shape)) if shape[axis] == 1)
    return {"axes": ones} if ones and ones != wanted else {}


def _read(spec: OpSpec) -> Shape:
    """Shape of the tensor that an operator is about, activation or parameter."""
    slots = spec.inputs or spec.weights
    return next(iter(slots.values()))[0]


def _numbers(value: Attribute) -> tuple[int, ...]:
    assert isinstance(value, tuple)  # noqa: S101 - the kinds' defaults say so
    return tuple(map(int, value))
