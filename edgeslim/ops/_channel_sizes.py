"""Attributes that hold sizes, for a network with fewer channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from edgeslim.opspec import Attribute, OpSpec, Shape

__all__ = [
    "Kept",
    "Resizing",
    "SizeRule",
    "keep_attributes",
    "section_lengths",
    "slice_bounds",
    "squeeze_axes",
    "target_shape",
]

Kept = np.ndarray[Any, np.dtype[np.bool_]]
"""Whether each position of an axis stays."""


class Resizing(NamedTuple):
    """An operator before and after pruning.

    Args:
        old: The operator before pruning.
        new: The same operator with its new shapes, and still its old attributes.
        kept: Mask over an axis of the first tensor it reads; None if all of it is kept.
    """

    old: OpSpec
    new: OpSpec
    kept: Callable[[int], Kept | None]


SizeRule = Callable[[Resizing], Mapping[str, Attribute]]
"""Attributes of an operator that change with its channels, with their new values."""


def keep_attributes(_: Resizing) -> Mapping[str, Attribute]:
    """For operators whose attributes do not depend on channels."""
    return {}


def target_shape(change: Resizing) -> Mapping[str, Attribute]:
    """The shape that a reshape or an expansion asks for; 0 and -1 keep their meaning."""
    wanted = _numbers(change.old.attributes["shape"])
    read = (*_read(change.new), *(0,) * len(wanted))
    sizes = tuple(
        size if size < 0 or (size == 0 and old == new) else new
        for size, old, new in zip(wanted, read, change.new.output_shape, strict=False)
    )
    return {} if sizes == wanted else {"shape": sizes}


def section_lengths(change: Resizing) -> Mapping[str, Attribute]:
    """Length of each part of a split, which may differ after pruning."""
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


def slice_bounds(change: Resizing) -> Mapping[str, Attribute]:
    """Starts and ends of a slice, counted in the channels that are kept."""
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


def squeeze_axes(change: Resizing) -> Mapping[str, Attribute]:
    """The axes that had one element before pruning: an axis left with one must not be squeezed."""
    shape, wanted = _read(change.old), _numbers(change.old.attributes["axes"])
    ones = tuple(axis for axis in wanted or range(len(shape)) if shape[axis] == 1)
    return {"axes": ones} if ones and ones != wanted else {}


def _read(spec: OpSpec) -> Shape:
    """Shape of the first tensor that an operator reads, activation or parameter."""
    slots = spec.inputs or spec.weights
    return next(iter(slots.values()))[0]


def _numbers(value: Attribute) -> tuple[int, ...]:
    assert isinstance(value, tuple)  # noqa: S101 - the kinds' defaults say so
    return tuple(map(int, value))
