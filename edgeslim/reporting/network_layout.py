"""Places for the boxes of a drawing: layer below layer, branches beside each other.

The way of Sugiyama, Tagawa and Toda (1981, https://doi.org/10.1109/TSMC.1981.4308636): a box
lies below all that it reads; an edge over several layers bends in each of them, round the
boxes there; boxes of a layer are ordered by the mean place of their neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Layout", "Point", "laid_out"]

Point = tuple[float, float]
"""To the right and down, in pixels."""

_SWEEPS = 6
_GAP = 28.0
_BEND_WIDTH = 14.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Where everything is.

    Args:
        centres: Of each box.
        routes: Points that the edge of each pair of boxes passes through, ends included.
        width: Of the whole.
        height: Of the whole.
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


def laid_out(widths: Sequence[float], edges: Sequence[tuple[int, int]], *, pitch: float) -> Layout:
    """Lays out boxes of which each edge goes from an earlier to a later one.

    Args:
        widths: Of the boxes, in pixels.
        edges: From which box to which.
        pitch: From one layer to the next, in pixels.
    """
    layers = [0] * len(widths)
    for start, end in sorted(edges, key=lambda edge: edge[1]):
        layers[end] = max(layers[end], layers[start] + 1)
    places = [_Place(layer, width, [], []) for layer, width in zip(layers, widths, strict=True)]
    ways = [_way(places, start, end) for start, end in edges]
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
    return Layout(
        centres=tuple(points[: len(widths)]),
        routes=tuple(tuple(points[number] for number in way) for way in ways),
        width=right,
        height=len(rows) * pitch,
    )


def _way(places: list[_Place], start: int, end: int) -> list[int]:
    """The places of an edge, with a new one in each layer between its ends."""
    way = [start]
    for layer in range(places[start].layer + 1, places[end].layer):
        way.append(len(places))
        places.append(_Place(layer, _BEND_WIDTH, [], []))
    way.append(end)
    for upper, lower in pairwise(way):
        places[upper].below.append(lower)
        places[lower].above.append(upper)
    return way


def _order(rows: list[list[int]], places: list[_Place]) -> None:
    """Sorts each row by where the neighbours stand in the row before, down and up in turn."""
    standing = [0.0] * len(places)

    def number(row: list[int]) -> None:
        for rank, place in enumerate(row):
            standing[place] = rank - (len(row) - 1) / 2

    for row in rows:
        number(row)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            near = {each: places[each].above if down else places[each].below for each in row}
            row.sort(key=lambda each: _mean(near[each], standing.__getitem__, standing[each]))
            number(row)


def _align(rows: list[list[int]], places: list[_Place]) -> None:
    """Puts each place below the middle of what is above it, as far as its row lets it.

    Branches spread evenly to both sides and meet in the middle again, so that what is not
    branched stays on one line.
    """
    for row in rows:
        wanted = [_mean(places[each].above, lambda n: places[n].x, 0.0) for each in row]
        _settle(row, places, wanted)


def _mean(numbers: Sequence[int], value: Callable[[int], float], otherwise: float) -> float:
    return sum(map(value, numbers)) / len(numbers) if numbers else otherwise


def _settle(row: list[int], places: list[_Place], wanted: Sequence[float]) -> None:
    """The places nearest to those wanted, by squares, with a gap between neighbours.

    Without the widths it is isotonic regression, which pooling neighbours that are out of
    order solves (Ayer et al. 1955, https://doi.org/10.1214/aoms/1177728423).
    """
    offsets, offset = [], 0.0
    for before, each in zip([None, *row], row, strict=False):
        if before is not None:
            offset += (places[before].width + places[each].width) / 2 + _GAP
        offsets.append(offset)
    pools: list[tuple[float, int]] = []
    for target, shift in zip(wanted, offsets, strict=True):
        total, size = target - shift, 1
        while pools and pools[-1][0] / pools[-1][1] > total / size:
            more, count = pools.pop()
            total, size = total + more, size + count
        pools.append((total, size))
    values = [total / size for total, size in pools for _ in range(size)]
    for each, value, shift in zip(row, values, offsets, strict=True):
        places[each].x = value + shift
