"""Which channels of a network are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from edgeslim.channels.groups import Channels
from edgeslim.errors import UnknownNameError, UsageError
from edgeslim.opspec import Shape

__all__ = ["Mask", "PruningPlan", "Selection", "keep_first"]

Mask = np.ndarray[Any, np.dtype[np.bool_]]
"""Whether each position of an axis is kept."""


class PruningPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Channels that are kept of each group; groups that are not named are kept whole.

    Args:
        kept: Ascending places within the group, by the group's name.
    """

    kept: dict[str, tuple[int, ...]]

    def widths(self, channels: Channels) -> dict[str, int]:
        """How many channels of each group are kept."""
        return {
            group.name: len(self.kept.get(group.name, range(group.width)))
            for group in channels.groups
        }


def keep_first(widths: Mapping[str, int]) -> PruningPlan:
    """The plan that keeps the first channels of each group, as many as its width.

    It serves where only sizes matter and not which channels are kept.
    """
    return PruningPlan(kept={name: tuple(range(width)) for name, width in widths.items()})


class Selection:
    """A plan as masks over the axes of a network's tensors.

    Args:
        channels: Channel groups of the network.
        plan: Channels that are kept of each group.

    Raises:
        UnknownNameError: A group that the network does not have.
        UsageError: Nothing is kept of a group, or more than there is.
    """

    def __init__(self, channels: Channels, plan: PruningPlan) -> None:
        self._channels = channels
        self._kept = np.ones(channels.group_of.size, np.bool_)
        self._masks: dict[str, tuple[Mask | None, ...]] = {}
        for name, kept in plan.kept.items():
            place, width = _find_group(channels, name)
            if not kept or min(kept) < 0 or max(kept) >= width:
                raise UsageError(f"of the {width} channels of {name} some must be kept: {kept}")
            mask = np.zeros(width, np.bool_)
            mask[list(kept)] = True
            units = np.flatnonzero(channels.group_of == place)
            self._kept[units] = mask[channels.index_of[units]]

    def masks(self, tensor: str) -> tuple[Mask | None, ...]:
        """Mask over each axis of a tensor; None where all of it is kept."""
        if tensor not in self._masks:
            axes = self._channels.axes.get(tensor, ())
            masks = [None if units is None else self._kept[units] for units in axes]
            self._masks[tensor] = tuple(
                None if mask is None or mask.all() else mask for mask in masks
            )
        return self._masks[tensor]

    def shape(self, tensor: str, shape: Shape) -> Shape:
        """Shape of a tensor after pruning."""
        masks = self.masks(tensor)
        if not any(mask is not None for mask in masks):
            return shape
        return tuple(
            size if mask is None else int(mask.sum())
            for size, mask in zip(shape, masks, strict=True)
        )

    def cut(self, tensor: str, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Values of a tensor without those of pruned channels."""
        for axis, mask in enumerate(self.masks(tensor)):
            if mask is not None:
                values = np.compress(mask, values, axis=axis)
        return values

    def zero_pruned(self, tensor: str, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Values of a tensor with those of pruned channels set to zero."""
        for axis, mask in enumerate(self.masks(tensor)):
            if mask is not None:
                values = values * _reshape_mask(mask, axis, values.ndim).astype(values.dtype)
        return values


def _reshape_mask(mask: Mask, axis: int, rank: int) -> Mask:
    shape: Sequence[int] = [-1 if place == axis else 1 for place in range(rank)]
    return mask.reshape(shape)


def _find_group(channels: Channels, name: str) -> tuple[int, int]:
    for place, group in enumerate(channels.groups):
        if group.name == name:
            return place, group.width
    raise UnknownNameError("channel group", name, [group.name for group in channels.groups])
