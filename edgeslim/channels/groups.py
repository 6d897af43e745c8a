"""Groups of channels that pruning must treat alike, from a network's graph.

The operators' own rules say which positions of which tensors belong together
(`edgeslim.ops`). Positions that are tied, directly or in a row, are one *unit*: they stay or
go as one. Units that touch the same axes equally often are interchangeable, and make up a
*group*, whose width is what pruning chooses. Torch-Pruning's dependency graph
(https://arxiv.org/abs/2301.12900) has the same aim; here single positions are followed and
not whole layers, so that concatenations, splits and shuffles need no special treatment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from edgeslim.channels.units import Units, join_units
from edgeslim.graph import Graph
from edgeslim.ops import known_kinds
from edgeslim.ops._channel_flow import ChannelFlow
from edgeslim.ops._channel_rules import keep_all

__all__ = ["ChannelGroup", "Channels", "channel_flow", "channels_of"]

IntArray = np.ndarray[Any, np.dtype[np.int64]]

_OUTPUT = "it is an output of the network"


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelGroup:
    """Channels of which any number may be kept, as long as it is the same everywhere.

    Args:
        name: Name of the first weight whose output channels they are.
        producers: All weights whose output channels they are, in the network's order.
        width: How many channels there are.
        why: Reasons why several producers are tied together, as phrases.
    """

    name: str
    producers: tuple[str, ...]
    width: int
    why: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Channels:
    """The channels of a network.

    Args:
        groups: Channel groups that can be pruned, in the network's order.
        fixed: Why none of the output channels of a weight can be pruned, by its name.
        producers: Axis of the output channels of each weight that makes some.
        axes: The unit at each position, by tensor and axis; None for axes that never change.
        group_of: The group of each unit; -1 for those that cannot be pruned.
        index_of: Place of each unit in its group, in the order of the first producer.
    """

    groups: tuple[ChannelGroup, ...]
    fixed: Mapping[str, str]
    producers: Mapping[str, int]
    axes: Mapping[str, tuple[IntArray | None, ...]]
    group_of: IntArray
    index_of: IntArray

    @cached_property
    def by_producer(self) -> Mapping[str, tuple[int, ...]]:
        """Places of the groups that a weight's output channels belong to, by its name."""
        found: dict[str, list[int]] = {}
        for place, group in enumerate(self.groups):
            for name in group.producers:
                found.setdefault(name, []).append(place)
        return {name: tuple(places) for name, places in found.items()}

    def positions(self, parameter: str, axis: int, group: int) -> tuple[IntArray, IntArray]:
        """Where a group lies along an axis: positions, and the unit's place in the group."""
        units = self.axes.get(parameter, ())[axis]
        if units is None:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        places = np.flatnonzero(self.group_of[units] == group)
        return places, self.index_of[units[places]]


def channels_of(graph: Graph) -> Channels:
    """The channel groups of a network, before or after fusion."""
    flow = channel_flow(graph)
    units = join_units(flow)
    output_axes = [
        (name, axis, units.of(labels))
        for name, axis in flow.producers.items()
        for labels in (flow.axis(name, axis),)
    ]
    group_of, index_of, count = _group_units(units, [labels for _, _, labels in output_axes])
    members: list[list[str]] = [[] for _ in range(count)]
    fixed: dict[str, str] = {}
    for name, _, places in output_axes:
        for group in dict.fromkeys(group_of[places].tolist()):
            if group >= 0:
                members[group].append(name)
        if (group_of[places] < 0).all():
            reasons = [units.why_fixed[unit] for unit in places.tolist() if unit in units.why_fixed]
            fixed[name] = reasons[0] if reasons else "all its channels stay or go together"
    why = _tie_reasons(flow, units, group_of, count)
    widths = np.bincount(group_of[group_of >= 0], minlength=count)
    groups = [
        ChannelGroup(name=names[0], producers=tuple(names), width=int(width), why=reasons)
        for names, width, reasons in zip(members, widths, why, strict=True)
    ]
    return Channels(
        groups=_number_split_groups(groups),
        fixed=fixed,
        producers=dict(flow.producers),
        axes={
            name: tuple(None if labels is None else units.of(labels) for labels in axes)
            for name, axes in flow.axes_by_name.items()
        },
        group_of=group_of,
        index_of=index_of,
    )


def channel_flow(graph: Graph, known: Channels | None = None) -> ChannelFlow:
    """Runs the channel rules of a network's operators, in the order in which they run.

    Args:
        graph: Graph of the network, before or after fusion.
        known: Channels of the same network before fusion: parameters that have kept their
            names are labelled with the units that they are there.
    """
    if known is None:
        flow = ChannelFlow(graph.parameters, graph.shapes)
    else:
        flow = ChannelFlow(graph.parameters, graph.shapes, known.axes, known.group_of.size)
    kinds = known_kinds()
    for node in graph.nodes:
        kind = kinds.get(node.spec.kind)
        (kind.channels if kind else keep_all)(node, flow)
        if flow.constants.issuperset(node.reads()):
            flow.constants.update(node.writes())
    for name in graph.fetches:
        for labels in flow.axes(name):
            flow.fix(labels, _OUTPUT)
    return flow


def _group_units(units: Units, outputs: Sequence[IntArray]) -> tuple[IntArray, IntArray, int]:
    """Group and place of each unit, and how many groups there are.

    Units are alike if every axis holds them equally often. Groups and places are numbered as
    the output channels of the weights have them.
    """
    group_of = np.full(units.count, -1, np.int64)
    index_of = np.zeros(units.count, np.int64)
    alike = units.signatures()
    places: dict[int, int] = {}
    sizes: list[int] = []
    for unit in (unit for units_of_axis in outputs for unit in units_of_axis.tolist()):
        if group_of[unit] >= 0 or unit in units.why_fixed:
            continue
        group = places.setdefault(int(alike[unit]), len(places))
        if group == len(sizes):
            sizes.append(0)
        group_of[unit], index_of[unit] = group, sizes[group]
        sizes[group] += 1
    keep = np.array([size > 1 for size in sizes], np.bool_)
    number = np.append(np.where(keep, np.cumsum(keep) - 1, -1), -1)
    return number[group_of], index_of, int(keep.sum())


def _tie_reasons(
    flow: ChannelFlow, units: Units, group_of: IntArray, count: int
) -> list[tuple[str, ...]]:
    found: list[dict[str, None]] = [{} for _ in range(count)]
    for labels, _, why in flow.ties:
        if why:
            for group in np.unique(group_of[units.of(labels.reshape(-1))]).tolist():
                if group >= 0:
                    found[group][why] = None
    return [tuple(reasons) for reasons in found]


def _number_split_groups(groups: Sequence[ChannelGroup]) -> tuple[ChannelGroup, ...]:
    """Numbers the groups that are parts of one weight's output channels, so that names differ."""
    names = [group.name for group in groups]
    result, seen = [], dict.fromkeys(names, 0)
    for group in groups:
        seen[group.name] += 1
        name = f"{group.name}:{seen[group.name]}" if names.count(group.name) > 1 else group.name
        result.append(
            ChannelGroup(name=name, producers=group.producers, width=group.width, why=group.why)
        )
    return tuple(result)
