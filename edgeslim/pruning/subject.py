"""A model to be pruned, its channel groups, and those of them that may be narrowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from edgeslim.channels.groups import ChannelGroup, Channels
from edgeslim.channels.prune_graph import prune_graph
from edgeslim.channels.sizes import AxisForms, ShapesAtWidths
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.graph import Graph
from edgeslim.pruning.work import COUNTERS
from edgeslim.runs.sensitivity_rows import kept_width

__all__ = ["PrunableModel", "Widths", "widths_at"]

Widths = Mapping[str, int]
"""How many channels of each group are kept, by its name; other groups are kept whole."""


@dataclass(frozen=True, kw_only=True)
class PrunableModel:
    """A model to be pruned.

    Args:
        model: The model, prepared and not fused.
        channels: Channel groups of the model.
        chosen: Names of the groups that may be narrowed.
    """

    model: PreparedModel
    channels: Channels
    chosen: tuple[str, ...]

    @cached_property
    def groups(self) -> tuple[ChannelGroup, ...]:
        """The groups that may be narrowed, in the network's order."""
        return tuple(group for group in self.channels.groups if group.name in self.chosen)

    @cached_property
    def whole(self) -> dict[str, int]:
        """The full widths of those groups."""
        return {group.name: group.width for group in self.groups}

    @cached_property
    def forms(self) -> AxisForms:
        """The lengths of the network's axes as linear functions of widths."""
        return AxisForms(self.channels)

    def graph(self, widths: Widths) -> Graph:
        """The network before fusion at some widths."""
        return prune_graph(self.model.graph, ShapesAtWidths(self.forms, widths))

    def work(self, counter: str, widths: Widths) -> int:
        """Work at some widths, counted on the pruned graph.

        Args:
            counter: Name of one of the `edgeslim.pruning.work.COUNTERS`.
            widths: Channels kept of each group.
        """
        return COUNTERS[counter](self.graph(widths).specs)

    def macs(self, widths: Widths) -> int:
        """Multiply-accumulate operations at some widths."""
        return self.work("macs", widths)


def widths_at(groups: tuple[ChannelGroup, ...], ratios: Mapping[str, float]) -> dict[str, int]:
    """Widths when a share of each group is removed."""
    return {
        group.name: kept_width(group.width, ratios[group.name])
        for group in groups
        if group.name in ratios
    }
