"""The rule by which PaddleX 1.3 turned sensitivities into ratios, and what it would remove.

Every group is treated by itself: joint losses of several groups are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgeslim.channels.groups import Channels
from edgeslim.channels.plan import Selection, keep_first
from edgeslim.channels.prune_graph import prune_graph
from edgeslim.graph import Graph
from edgeslim.pruning.subject import widths_at
from edgeslim.runs.sensitivity_rows import SensitivityPoint

__all__ = ["THRESHOLDS", "paddlex_ratios", "trade_off"]

Points = Mapping[str, Sequence[SensitivityPoint]]

THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))
"""Allowed losses that PaddleX's picture is drawn for."""


def paddlex_ratios(points: Points, allowed_loss: float) -> dict[str, float]:
    """The share of each group to remove for an allowed relative loss, by PaddleX 1.3's rule.

    Of the measured ratios the largest with an allowed loss counts, whatever smaller ones
    lost. If it is the largest of all (PaddleX measures up to 0.9), it is taken;
    otherwise the ratio between it and the next is interpolated at which the loss is just
    allowed. If none is allowed, nothing is removed (PaddleSlim, ``paddleslim/prune/sensitive.py``,
    ``get_ratios_by_loss``).

    Args:
        points: Sensitivities by group, by ascending ratio.
        allowed_loss: Share of the baseline that may be lost.
    """
    return {group: _ratio(group_points, allowed_loss) for group, group_points in points.items()}


def _ratio(points: Sequence[SensitivityPoint], allowed: float) -> float:
    for place in reversed(range(len(points))):
        point = points[place]
        if point.relative_loss > allowed:
            continue
        if place + 1 == len(points):
            return point.ratio
        after = points[place + 1]
        steepness = (after.ratio - point.ratio) / (after.relative_loss - point.relative_loss)
        return point.ratio + (allowed - point.relative_loss) * steepness
    return 0.0


def trade_off(
    points: Points,
    graph: Graph,
    channels: Channels,
) -> list[tuple[float, float]]:
    """How much smaller the model gets for each allowed loss, as PaddleX 1.3 drew it.

    Args:
        points: Sensitivities by group, by ascending ratio.
        graph: Graph of the whole network.
        channels: Channel groups of the network.

    Returns:
        Allowed loss and share of all parameters' elements that would be removed.
    """
    whole = graph.elements
    found = []
    for allowed in THRESHOLDS:
        widths = widths_at(channels.groups, paddlex_ratios(points, allowed))
        left = prune_graph(graph, Selection(channels, keep_first(widths)))
        found.append((allowed, 1 - left.elements / whole))
    return found
