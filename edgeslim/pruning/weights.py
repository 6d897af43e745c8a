"""The weights of a network as criteria read them: by channels of a channel group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeslim.channels.groups import ChannelGroup, Channels
from edgeslim.graph import Graph

__all__ = ["BatchNorm", "Rows", "Weights"]

Rows = NDArray[np.float64]
"""All elements of each channel, ``(width, n)``; every channel of a group has as many."""

Arrays = Mapping[str, NDArray[Any]]


class BatchNorm(NamedTuple):
    """Names of the trained parameters of a batch norm."""

    scale: str
    shift: str


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Weights:
    """A network's weights with its channel groups.

    Args:
        graph: Graph of the network before any fusion.
        channels: Channel groups of the network.
        tensors: Value of each persistent tensor by name.
        gradients: Gradient of the loss by name, of one batch; None if they are not needed.
    """

    graph: Graph
    channels: Channels
    tensors: Arrays
    gradients: Arrays | None = None

    def group(self, place: int) -> ChannelGroup:
        """The group at a place."""
        return self.channels.groups[place]

    def producers(self, group: int) -> Iterator[Rows]:
        """The rows of each weight whose output channels a group is, in the network's order."""
        for name in self.group(group).producers:
            yield self.rows(name, self.channels.producers[name], group)

    def rows(self, name: str, axis: int, group: int) -> Rows:
        """Elements of a tensor by the channels of a group that lies along one of its axes."""
        return self._rows(self.tensors[name], name, axis, group)

    def gradient_rows(self, name: str, axis: int, group: int) -> Rows:
        """As `rows`, of the gradient; zero where the loss does not depend on the tensor."""
        found = (self.gradients or {}).get(name)
        if found is None:
            found = np.zeros_like(self.tensors[name])
        return self._rows(found, name, axis, group)

    def _rows(self, values: NDArray[Any], name: str, axis: int, group: int) -> Rows:
        places, units = self.channels.positions(name, axis, group)
        # A channel may be at several places, as after a concatenation of a tensor with itself.
        ordered = places[np.argsort(units, kind="stable")]
        rows = np.moveaxis(values, axis, 0)[ordered].astype(np.float64)
        result: Rows = rows.reshape(self.group(group).width, -1)
        return result

    def batch_norms(self, group: int | None = None) -> list[BatchNorm]:
        """The batch norms of a group's channels, or all of the network."""
        found = dict.fromkeys(
            BatchNorm(node.weights["Scale"][0], node.weights["Bias"][0])
            for node in self.graph.nodes
            if node.spec.kind == "batch_norm"
        )
        if group is None:
            return list(found)
        return [norm for norm in found if self._is_of(norm.scale, group)]

    def _is_of(self, name: str, group: int) -> bool:
        return name in self.channels.axes and bool(self.channels.positions(name, 0, group)[0].size)
