"""Labels under another shape: flattening, splitting an axis in two, squeezing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeslim.ops._channel_flow import Axes, ChannelFlow, Labels
from edgeslim.opspec import Shape

__all__ = ["match_axes", "reshape_axes"]


def reshape_axes(flow: ChannelFlow, axes: Axes, before: Shape, after: Shape) -> Axes:
    """The labels of a tensor's axes after a reshape.

    Axes are matched in blocks of equal size. Where one labelled axis becomes several, only
    the longest of them is pruned, at the same positions for every index of the others, so that
    the rest is still a tensor.
    """
    result: list[Labels | None] = [None] * len(after)
    for old, new in _blocks(before, after):
        labelled = [place for place in old if axes[place] is not None]
        if len(labelled) > 1:
            for place in labelled:
                flow.fix(axes[place], "a reshape makes one axis of two that could be pruned")
        if len(labelled) != 1:
            continue
        (place,) = labelled
        table = _broadcast_labels(axes[place], old.index(place), [before[axis] for axis in old])
        table = table.reshape([after[axis] for axis in new])
        carrier = max(range(table.ndim), key=lambda axis: _variation(table, axis))
        lines = np.moveaxis(table, carrier, -1).reshape(-1, table.shape[carrier])
        for line in lines[1:]:
            if not np.array_equal(line, lines[0]):
                flow.tie(lines[0], line, "a reshape wants as many of each")
        result[new[carrier]] = lines[0]
    return tuple(result)


def match_axes(before: Shape, after: Shape) -> list[int | None] | None:
    """For each axis of a shape the same one of another, if they differ by axes of one element.

    None stands for a new axis of one element. The result is None where axes are joined or split.
    """
    places: list[int | None] = []
    i = 0
    for extent in after:
        while i < len(before) and before[i] == 1 != extent:
            i += 1
        if i < len(before) and before[i] == extent:
            places.append(i)
            i += 1
        elif extent == 1:
            places.append(None)
        else:
            return None
    return places if all(extent == 1 for extent in before[i:]) else None


def _blocks(before: Shape, after: Shape) -> Iterator[tuple[range, range]]:
    """Consecutive axes of one shape and of the other with as many elements, the fewest each."""
    i = j = 0
    while i < len(before) and j < len(after):
        start_i, start_j = i, j
        old, new = before[i], after[j]
        i, j = i + 1, j + 1
        while old != new:
            if old < new:
                old *= before[i]
                i += 1
            else:
                new *= after[j]
                j += 1
        yield range(start_i, i), range(start_j, j)


def _broadcast_labels(labels: Labels | None, place: int, extents: list[int]) -> Labels:
    """The labels of one axis for all elements of a block of axes."""
    assert labels is not None  # noqa: S101 - the caller chose it so
    shape = [1] * len(extents)
    shape[place] = -1
    return np.broadcast_to(labels.reshape(shape), extents)


def _variation(table: Labels, axis: int) -> tuple[bool, int]:
    """Sorts axes: first those along which labels vary, then by length."""
    first = np.take(table, [0], axis=axis)
    return bool((table != first).any()), table.shape[axis]
