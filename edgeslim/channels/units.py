"""Units of channels: labels that are tied together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeslim.ops._channel_flow import Axes, ChannelFlow, Labels

__all__ = ["Units", "join_units"]

IntArray = np.ndarray[Any, np.dtype[np.int64]]

_HASH_SEED = 20231
"""Any seed will do: signatures of 128 random bits are equal for equal units only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Units:
    """Units of a network: labels that are kept or pruned as one.

    Args:
        unit_of: The unit of each label.
        count: How many units there are.
        why_fixed: Why a unit cannot be pruned, for those that cannot.
        axes_by_name: Labels of each axis of each tensor, by the tensor's name.
    """

    unit_of: IntArray
    count: int
    why_fixed: Mapping[int, str]
    axes_by_name: Mapping[str, Axes]

    def of(self, labels: Labels) -> IntArray:
        """The units of labels."""
        units: IntArray = self.unit_of[labels]
        return units

    def signatures(self) -> IntArray:
        """A number for each unit, equal for units that every axis holds equally often."""
        generator = np.random.default_rng(_HASH_SEED)
        sums = np.zeros((self.count, 2), np.uint64)
        for axes in self.axes_by_name.values():
            for labels in axes:
                if labels is not None:
                    number = generator.integers(0, 2**64, 2, np.uint64)
                    np.add.at(sums, self.of(labels.reshape(-1)), number)
        _, alike = np.unique(sums, axis=0, return_inverse=True)
        result: IntArray = alike.reshape(-1)
        return result


def join_units(flow: ChannelFlow) -> Units:
    """Joins labels that are tied, directly or through others, into units."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    empty = np.empty(0, np.int64)
    some = np.concatenate([empty, *(first.reshape(-1) for first, _, _ in flow.ties)])
    others = np.concatenate([empty, *(second.reshape(-1) for _, second, _ in flow.ties)])
    edges = coo_array((np.ones(some.size, np.int8), (some, others)), (flow.count, flow.count))
    count, unit_of = connected_components(edges, directed=False)
    unit_of = unit_of.astype(np.int64)
    why: dict[int, str] = {}
    for labels, reason in flow.fixed:
        for unit in np.unique(unit_of[labels]).tolist():
            why.setdefault(unit, reason)
    return Units(unit_of=unit_of, count=int(count), why_fixed=why, axes_by_name=flow.axes_by_name)
