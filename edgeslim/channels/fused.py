"""The channel groups of a network in its fused form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeslim.channels.groups import Channels, channel_flow
from edgeslim.channels.units import join_units
from edgeslim.errors import ModelError
from edgeslim.graph import Graph

__all__ = ["channels_of_fused"]


def channels_of_fused(graph: Graph, channels: Channels) -> Channels:
    """The same groups, with the axes of a fused graph's tensors.

    Filters keep their names when the optimizer fuses; everything else is found from them.

    Args:
        graph: Graph of the network after fusion.
        channels: Channel groups of the network before fusion.

    Raises:
        ModelError: The fused network ties channels that were free before.
    """
    flow = channel_flow(graph, channels)
    units = join_units(flow)
    before = channels.group_of.size
    origin = np.full(units.count, -1, np.int64)
    origin[units.unit_of[:before]] = np.arange(before)
    if (origin[units.unit_of[:before]] != np.arange(before)).any():
        raise ModelError("the fused network couples channels that it did not couple before")
    group_of, index_of = np.append(channels.group_of, -1), np.append(channels.index_of, 0)
    return replace(
        channels,
        axes={
            name: tuple(None if labels is None else units.of(labels) for labels in axes)
            for name, axes in flow.axes_by_name.items()
        },
        group_of=group_of[origin],
        index_of=index_of[origin],
    )
