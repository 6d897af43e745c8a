"""Values against values: predicted against measured, accuracy against latency."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from edgeslim.reporting.charts._frame import Axis, Chart, make_chart, path, plot
from edgeslim.reporting.charts._marks import Key, Mark, error_bar, place_label, place_mark
from edgeslim.reporting.charts._scale import Scale
from edgeslim.reporting.charts._svg import Svg

__all__ = ["Band", "LimitLine", "Route", "ScatterPoint", "scatter"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScatterPoint:
    """A point of a scatter chart.

    Args:
        x, y: Its coordinates, in the units of the axes.
        mark: Shape that stands for the origin of its values.
        tooltip: Text that is shown when the pointer rests on it.
        x_interval, y_interval: Intervals of x and y, if they are known.
        label: Text beside it, such as a name; only where there are few points.
    """

    x: float
    y: float
    mark: Mark
    tooltip: str
    x_interval: tuple[float, float] | None = None
    y_interval: tuple[float, float] | None = None
    label: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """A line through points.

    Args:
        points: The points, ``(x, y)``, in the units of the axes.
        kind: Its style: ``path``, ``front``, ``series-0`` and so on.
        is_step_function: Whether y stays the same until the next x.
    """

    points: Sequence[tuple[float, float]]
    kind: str
    is_step_function: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """The region where y differs from x by less than a share of x."""

    share: float
    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitLine:
    """A value that x or y must not pass.

    Args:
        value: The limit, in the unit of its axis.
        tooltip: Text that is shown when the pointer rests on it.
        upright: Whether it is a limit of x, and so an upright line.
    """

    value: float
    tooltip: str
    upright: bool = True


def scatter(
    points: Sequence[ScatterPoint],
    *,
    title: str,
    description: str,
    x: Axis,
    y: Axis,
    bands: Sequence[Band] = (),
    routes: Iterable[Route] = (),
    limits: Sequence[LimitLine] = (),
    legend: Sequence[Key] = (),
    height: float = 320.0,
) -> Chart:
    """Draws marks over lines over bands.

    Args:
        points: The points, in the order that they are painted.
        title: Name of the chart.
        description: What the chart shows, for screen readers.
        x: Axis from left to right.
        y: Axis from bottom to top.
        bands: Regions around the line where y is x, the widest first; with any, that line is drawn.
        routes: Lines through points, painted over the limits.
        limits: Lines across the whole plot.
        legend: What the marks mean.
        height: Height of the plot, in pixels.
    """
    across, up = x.scale, y.scale
    lines = [_band(band, across, up) for band in bands]
    if bands:
        ends = [(value, value) for value in _sample_axis(across)]
        lines.append(_line(ends, "identity", across, up))
    lines += [_limit(limit, across, up) for limit in limits]
    for route in routes:
        places = _step_points(route.points) if route.is_step_function else route.points
        lines.append(_line(places, route.kind, across, up))
    marks: list[Svg] = []
    # Names of neighbours stand above and below in turns, so that they do not meet.
    named = sorted((point for point in points if point.label), key=lambda point: point.x)
    above = {id(point): place % 2 == 0 for place, point in enumerate(named)}
    for point in points:
        left, top = across.place(point.x), 1 - up.place(point.y)
        if point.x_interval is not None:
            low, high = (across.place(end) for end in point.x_interval)
            marks.append(error_bar(top, low, high, upright=False))
        if point.y_interval is not None:
            low, high = (1 - up.place(end) for end in point.y_interval)
            marks.append(error_bar(left, low, high))
        marks.append(place_mark(left, top, point.mark, point.tooltip))
        if point.label:
            marks.append(place_label(left, top, point.label, is_above=above[id(point)]))
    around = plot(x, y, lines=lines, marks=marks, height=height)
    return make_chart(title, description, [around], legend=legend)


def _line(points: Iterable[tuple[float, float]], kind: str, across: Scale, up: Scale) -> Svg:
    return path(((across.place(x), 1 - up.place(y)) for x, y in points), f"l {kind}")


def _sample_axis(scale: Scale) -> list[float]:
    """Values along an axis, as many as a line needs that a logarithmic axis bends."""
    if not scale.log:
        return [scale.low, scale.high]
    return [scale.low * (scale.high / scale.low) ** (index / 16) for index in range(17)]


def _band(band: Band, across: Scale, up: Scale) -> Svg:
    values = _sample_axis(across)
    upper = [(value, value * (1 + band.share)) for value in values]
    lower = [(value, value * (1 - band.share)) for value in reversed(values)]
    places = [(across.place(x), 1 - up.place(y)) for x, y in (*upper, *lower)]
    return path(places, f"b {band.kind}")


def _limit(limit: LimitLine, across: Scale, up: Scale) -> Svg:
    if limit.upright:
        place = across.place(limit.value)
        return path([(place, 0.0), (place, 1.0)], "l limit", limit.tooltip)
    place = 1 - up.place(limit.value)
    return path([(0.0, place), (1.0, place)], "l limit", limit.tooltip)


def _step_points(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The corners of the step function through points."""
    corners = list(points[:1])
    for (_, before), (x, y) in pairwise(points):
        corners += [(x, before), (x, y)]
    return corners
