"""Lays out the boxes of a drawing: layer below layer, branches beside each other.

The algorithm of Sugiyama, Tagawa and Toda (1981, https://doi.org/10.1109/TSMC.1981.4308636): a box
lies below all that it reads; an edge over several layers bends in each of them, round the
boxes there; boxes of a layer are ordered by the mean place of their neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["DrawingLayout", "Point", "lay_out"]

Point = tuple[float, float]
"""To the right and down, in pixels."""

_SWEEPS = 6
_GAP = 28.0
_BEND_WIDTH = 14.0


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawingLayout:
    """Positions of boxes and edges, in pixels.

    Args:
        centres: The centre of each box.
        routes: Points that each edge passes through, ends included.
        width: Width of the whole drawing.
        height: Height of the whole drawing.
    """

    centres: tuple[Point, ...]
    routes: tuple[tuple[Point, ...], ...]
    width: float
    height: float


@dataclass(slots=True)
class _Place:
    """A box, or where an edge crosses a layer."""

    layer: int
    width: float
    above: list[int]
    below: list[int]
    x: float = 0.0


def lay_out(
    widths: Sequence[float], edges: Sequence[tuple[int, int]], *, pitch: float
) -> DrawingLayout:
    """Lays out boxes of which each edge goes from an earlier to a later one.

    Args:
        widths: Widths of the boxes, in pixels.
        edges: Pairs of indices: the box where an edge starts, and the one where it ends.
        pitch: Distance from one layer to the next, in pixels.
    """
    layers = [0] * len(widths)
    for start, end in sorted(edges, key=lambda edge: edge[1]):
        layers[end] = max(layers[end], layers[start] + 1)
    places = [_Place(layer, width, [], []) for layer, width in zip(layers, widths, strict=True)]
    routes = [_route_edge(places, start, end) for start, end in edges]
    rows: list[list[int]] = [[] for _ in range(max(layers, default=0) + 1)]
    for number, place in enumerate(places):
        rows[place.layer].append(number)
    _order(rows, places)
    _align(rows, places)
    left = min((place.x - place.width / 2 for place in places), default=0.0)
    points = [(place.x - left, (place.layer + 0.5) * pitch) for place in places]
    right = max(
        (x + place.width / 2 for (x, _), place in zip(points, places, strict=True)), default=0
    )
    return DrawingLayout(
        centres=tuple(points[: len(widths)]),
        routes=tuple(tuple(points[number] for number in route) for route in routes),
        width=right,
        height=len(rows) * pitch,
    )


def _route_edge(places: list[_Place], start: int, end: int) -> list[int]:
    """Leads an edge through a new place in each layer between its ends."""
    route = [start]
    for layer in range(places[start].layer + 1, places[end].layer):
        route.append(len(places))
        places.append(_Place(layer, _BEND_WIDTH, [], []))
    route.append(end)
    for upper, lower in pairwise(route):
        places[upper].below.append(lower)
        places[lower].above.append(upper)
    return route


def _order(rows: list[list[int]], places: list[_Place]) -> None:
    """Sorts each row by where the neighbours stand in the row before, down and up in turn."""
    ranks = [0.0] * len(places)

    def rank_row(row: list[int]) -> None:
        for rank, place in enumerate(row):
            ranks[place] = rank - (len(row) - 1) / 2

    for row in rows:
        rank_row(row)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            near = {place: places[place].above if down else places[place].below for place in row}
            row.sort(key=lambda place: _mean(near[place], ranks.__getitem__, ranks[place]))
            rank_row(row)


def _align(rows: list[list[int]], places: list[_Place]) -> None:
    """Puts each place below the middle of what is above it, as far as its row allows.

    Branches spread evenly to both sides and meet in the middle again, so that what is not
    branched stays on one line.
    """
    for row in rows:
        wanted = [_mean(places[place].above, lambda n: places[n].x, 0.0) for place in row]
        _settle(row, places, wanted)


def _mean(numbers: Sequence[int], value: Callable[[int], float], otherwise: float) -> float:
    return sum(map(value, numbers)) / len(numbers) if numbers else otherwise


def _settle(row: list[int], places: list[_Place], wanted: Sequence[float]) -> None:
    """Sets the positions nearest to those wanted, by least squares, with gaps between neighbours.

    Without the widths it is isotonic regression, which pooling neighbours that are out of
    order solves (Ayer et al. 1955, https://doi.org/10.1214/aoms/1177728423).
    """
    offsets, offset = [], 0.0
    for before, place in zip([None, *row], row, strict=False):
        if before is not None:
            offset += (places[before].width + places[place].width) / 2 + _GAP
        offsets.append(offset)
    pools: list[tuple[float, int]] = []
    for target, shift in zip(wanted, offsets, strict=True):
        total, size = target - shift, 1
        while pools and pools[-1][0] / pools[-1][1] > total / size:
            more, count = pools.pop()
            total, size = total + more, size + count
        pools.append((total, size))
    values = [total / size for total, size in pools for _ in range(size)]
    for place, value, shift in zip(row, values, offsets, strict=True):
        places[place].x = value + shift
