"""A bar for each of many things in their order: operators of a network, widths of groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeslim.reporting.charts._frame import Axis, Drawn, drawn, plot
from edgeslim.reporting.charts._marks import Key, Mark, at, error_bar
from edgeslim.reporting.charts._svg import Svg, element, percent

__all__ = ["MANY_BARS", "Bar", "bars"]

_FILLED = 0.78
"""Share of its place that a bar takes."""

MANY_BARS = 150
"""More bars than this are too thin for hatchings and intervals."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A bar.

    Args:
        value: How high; None where nothing is known, which a cross says.
        kind: How it was got; decides colour and hatching.
        told: What is said when somebody points at it.
        before: Height of an outline around it, for what it was.
        interval: Where its end may be.
    """

    value: float | None
    kind: Mark
    told: str
    before: float | None = None
    interval: tuple[float, float] | None = None


def bars(
    series: Sequence[Bar],
    *,
    title: str,
    description: str,
    x: Axis,
    y: Axis,
    legend: Sequence[Key] = (),
    height: float = 220.0,
) -> Drawn:
    """Draws a bar for each, from left to right.

    Args:
        series: The bars, at 1, 2 … of the x axis, which goes from 0.5 to half behind the last.
        title: Name of the chart.
        description: What it shows, for those who do not see it.
        x: From left to right.
        y: Begins at 0.
        legend: What is what.
        height: Of the plot, in pixels.
    """
    width = 1 / (x.scale.high - x.scale.low)
    thin = " thin" if len(series) > MANY_BARS else ""
    marks: list[Svg] = []
    for number, bar in enumerate(series, 1):
        middle = x.scale.place(number)
        left = middle - width * _FILLED / 2
        if bar.before is not None:
            top = 1 - y.scale.place(bar.before)
            marks.append(_rectangle(left, top, width * _FILLED, "b before", bar.told))
        if bar.value is None:
            marks.append(at(middle, 0.95, Mark.MISSING, bar.told))
            continue
        top = 1 - y.scale.place(bar.value)
        marks.append(_rectangle(left, top, width * _FILLED, f"b {bar.kind.value}{thin}", bar.told))
        if bar.interval is not None and not thin:
            low, high = (1 - y.scale.place(each) for each in bar.interval)
            marks.append(error_bar(middle, low, high))
    around = plot(x, y, lines=(), marks=marks, height=height)
    return drawn(title, description, [around], legend=legend)


def _rectangle(left: float, top: float, width: float, kind: str, told: str) -> Svg:
    return element(
        "rect",
        element("title", told),
        class_=kind,
        x=percent(left),
        y=percent(top),
        width=percent(width),
        height=percent(max(1 - top, 0.0)),
    )
