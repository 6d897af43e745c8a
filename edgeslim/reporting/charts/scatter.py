"""Values against values: predicted against measured, accuracy against latency."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from edgeslim.reporting.charts._frame import Axis, Drawn, drawn, path, plot
from edgeslim.reporting.charts._marks import Key, Mark, at, error_bar
from edgeslim.reporting.charts._scale import Scale
from edgeslim.reporting.charts._svg import Svg

__all__ = ["Band", "Limit", "Point", "Route", "scatter"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """A mark.

    Args:
        x, y: Its values.
        mark: How it was got.
        told: What is said when somebody points at it.
        x_interval, y_interval: Where it may be, if that is known.
    """

    x: float
    y: float
    mark: Mark
    told: str
    x_interval: tuple[float, float] | None = None
    y_interval: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """A line through values.

    Args:
        points: The values, ``(x, y)``.
        kind: How it looks: ``path``, ``front``, ``series-0`` and so on.
        stairs: Whether it goes on level until the next x.
    """

    points: Sequence[tuple[float, float]]
    kind: str
    stairs: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """Where y is x, more or less by a share."""

    share: float
    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """A value that x or y must not pass.

    Args:
        value: The value.
        told: What it is.
        upright: Whether it is one of x.
    """

    value: float
    told: str
    upright: bool = True


def scatter(
    points: Sequence[Point],
    *,
    title: str,
    description: str,
    x: Axis,
    y: Axis,
    bands: Sequence[Band] = (),
    routes: Iterable[Route] = (),
    limits: Sequence[Limit] = (),
    legend: Sequence[Key] = (),
    height: float = 320.0,
) -> Drawn:
    """Draws marks over lines over bands.

    Args:
        points: Marks, the first below the others.
        title: Name of the chart.
        description: What it shows, for those who do not see it.
        x: From left to right.
        y: From bottom to top.
        bands: The widest first; beside them the line on which y is x.
        routes: Lines.
        limits: Lines across the whole plot.
        legend: What is what.
        height: Of the plot, in pixels.
    """
    across, up = x.scale, y.scale
    lines = [_band(each, across, up) for each in bands]
    if bands:
        ends = [(each, each) for each in _steps(across)]
        lines.append(_line(ends, "identity", across, up))
    lines += [_limit(each, across, up) for each in limits]
    for route in routes:
        places = _stairs(route.points) if route.stairs else route.points
        lines.append(_line(places, route.kind, across, up))
    marks: list[Svg] = []
    for point in points:
        left, top = across.place(point.x), 1 - up.place(point.y)
        if point.x_interval is not None:
            low, high = (across.place(each) for each in point.x_interval)
            marks.append(error_bar(top, low, high, upright=False))
        if point.y_interval is not None:
            low, high = (1 - up.place(each) for each in point.y_interval)
            marks.append(error_bar(left, low, high))
        marks.append(at(left, top, point.mark, point.told))
    around = plot(x, y, lines=lines, marks=marks, height=height)
    return drawn(title, description, [around], legend=legend)


def _line(points: Iterable[tuple[float, float]], kind: str, across: Scale, up: Scale) -> Svg:
    return path(((across.place(x), 1 - up.place(y)) for x, y in points), f"l {kind}")


def _steps(scale: Scale) -> list[float]:
    """Values along an axis, near enough for lines that are bent by it."""
    if not scale.log:
        return [scale.low, scale.high]
    return [scale.low * (scale.high / scale.low) ** (index / 16) for index in range(17)]


def _band(band: Band, across: Scale, up: Scale) -> Svg:
    steps = _steps(across)
    upper = [(each, each * (1 + band.share)) for each in steps]
    lower = [(each, each * (1 - band.share)) for each in reversed(steps)]
    places = [(across.place(x), 1 - up.place(y)) for x, y in (*upper, *lower)]
    return path(places, f"b {band.kind}")


def _limit(limit: Limit, across: Scale, up: Scale) -> Svg:
    if limit.upright:
        place = across.place(limit.value)
        return path([(place, 0.0), (place, 1.0)], "l limit", limit.told)
    place = 1 - up.place(limit.value)
    return path([(0.0, place), (1.0, place)], "l limit", limit.told)


def _stairs(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    found = list(points[:1])
    for (_, before), (x, y) in pairwise(points):
        found += [(x, before), (x, y)]
    return found
