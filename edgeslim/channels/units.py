"""Labels that were tied, joined into units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeslim.ops._channel_flow import Axes, ChannelFlow, Labels

__all__ = ["Units", "joined"]

IntArray = np.ndarray[Any, np.dtype[np.int64]]

_HASH_SEED = 20231
"""Any: two signatures of 64 random bits each are the same for equal units only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Units:
    """What of a network stays or goes as one.

    Args:
        unit_of: The unit of each label.
        count: How many units there are.
        why_fixed: Why a unit must stay, for those that must.
        known: Labels of each axis of each tensor.
    """

    unit_of: IntArray
    count: int
    why_fixed: Mapping[int, str]
    known: Mapping[str, Axes]

    def of(self, labels: Labels) -> IntArray:
        """The units of labels."""
        units: IntArray = self.unit_of[labels]
        return units

    def alike(self) -> IntArray:
        """A number for each unit; equal ones are held equally often by every axis."""
        generator = np.random.default_rng(_HASH_SEED)
        sums = np.zeros((self.count, 2), np.uint64)
        for axes in self.known.values():
            for labels in axes:
                if labels is not None:
                    number = generator.integers(0, 2**64, 2, np.uint64)
                    np.add.at(sums, self.of(labels.reshape(-1)), number)
        _, alike = np.unique(sums, axis=0, return_inverse=True)
        result: IntArray = alike.reshape(-1)
        return result


def joined(flow: ChannelFlow) -> Units:
    """The units that the ties of a network leave."""
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
    return Units(unit_of=unit_of, count=int(count), why_fixed=why, known=flow.known)
