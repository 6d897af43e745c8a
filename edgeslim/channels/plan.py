"""Which channels of a network are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from edgeslim.channels.groups import Channels
from edgeslim.errors import UnknownNameError, UsageError
from edgeslim.opspec import Shape

__all__ = ["Mask", "PruningPlan", "Selection", "first_kept"]

Mask = np.ndarray[Any, np.dtype[np.bool_]]
"""Whether each position of an axis is kept."""


class PruningPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of each channel group; groups that are not named stay whole.

    Args:
        kept: Places within the group, rising, by the group's name.
    """

    kept: dict[str, tuple[int, ...]]

    def widths(self, channels: Channels) -> dict[str, int]:
        """How many channels of each group are kept."""
        return {
            group.name: len(self.kept.get(group.name, range(group.width)))
            for group in channels.groups
        }


def first_kept(widths: Mapping[str, int]) -> PruningPlan:
    """The plan that keeps so many channels of each group, the first: for sizes any will do."""
    return PruningPlan(kept={name: tuple(range(width)) for name, width in widths.items()})


class Selection:
    """A plan as masks over the axes of a network's tensors.

    Args:
        channels: Of the network.
        plan: What is kept.

    Raises:
        UnknownNameError: A group that the network does not have.
        UsageError: Nothing is kept of a group, or more than there is.
    """

    def __init__(self, channels: Channels, plan: PruningPlan) -> None:
        self._channels = channels
        self._kept = np.ones(channels.group_of.size, np.bool_)
        self._masks: dict[str, tuple[Mask | None, ...]] = {}
        for name, kept in plan.kept.items():
            place, width = _group(channels, name)
            if not kept or min(kept) < 0 or max(kept) >= width:
                raise UsageError(f"of the {width} channels of {name} some must be kept: {kept}")
            mask = np.zeros(width, np.bool_)
            mask[list(kept)] = True
            units = np.flatnonzero(channels.group_of == place)
            self._kept[units] = mask[channels.index_of[units]]

    def masks(self, tensor: str) -> tuple[Mask | None, ...]:
        """What is kept of each axis of a tensor; None where all of it is."""
        if tensor not in self._masks:
            axes = self._channels.axes.get(tensor, ())
            masks = [None if units is None else self._kept[units] for units in axes]
            self._masks[tensor] = tuple(
                None if mask is None or mask.all() else mask for mask in masks
            )
        return self._masks[tensor]

    def shape(self, tensor: str, shape: Shape) -> Shape:
        """The shape that is left of a tensor."""
        masks = self.masks(tensor)
        if not any(mask is not None for mask in masks):
            return shape
        return tuple(
            size if mask is None else int(mask.sum())
            for size, mask in zip(shape, masks, strict=True)
        )

    def cut(self, tensor: str, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """What is left of a tensor's values."""
        for axis, mask in enumerate(self.masks(tensor)):
            if mask is not None:
                values = np.compress(mask, values, axis=axis)
        return values

    def zeroed(self, tensor: str, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """A tensor's values with those that go set to zero."""
        for axis, mask in enumerate(self.masks(tensor)):
            if mask is not None:
                values = values * _along(mask, axis, values.ndim).astype(values.dtype)
        return values


def _along(mask: Mask, axis: int, rank: int) -> Mask:
    shape: Sequence[int] = [-1 if place == axis else 1 for place in range(rank)]
    return mask.reshape(shape)


def _group(channels: Channels, name: str) -> tuple[int, int]:
    for place, group in enumerate(channels.groups):
        if group.name == name:
            return place, group.width
    raise UnknownNameError("channel group", name, [group.name for group in channels.groups])
