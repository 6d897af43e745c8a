"""A bar for each of many things in their order: operators of a network, widths of groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeslim.reporting.charts._frame import Axis, Chart, make_chart, plot
from edgeslim.reporting.charts._marks import Key, Mark, error_bar, place_mark
from edgeslim.reporting.charts._svg import Svg, element, percent

__all__ = ["MANY_BARS", "Bar", "bars"]

_FILLED = 0.78
"""Width of a bar, as a share of the distance between bars."""

MANY_BARS = 150
"""More bars than this are too thin for hatchings and intervals."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A bar.

    Args:
        value: Its height; None where no value is known, which is drawn as a cross.
        kind: Origin of the value, which decides colour and hatching.
        tooltip: Text that is shown when the pointer rests on it.
        before: Height of an outline around it, for an earlier value.
        interval: Interval of the value.
    """

    value: float | None
    kind: Mark
    tooltip: str
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
) -> Chart:
    """Draws a bar for each, from left to right.

    Args:
        series: The bars, at 1, 2 … of the x axis, which goes from 0.5 to half behind the last.
        title: Name of the chart.
        description: What the chart shows, for screen readers.
        x: Axis from left to right.
        y: Axis from bottom to top, which begins at 0.
        legend: What the marks mean.
        height: Height of the plot, in pixels.
    """
    width = 1 / (x.scale.high - x.scale.low)
    thin = " thin" if len(series) > MANY_BARS else ""
    marks: list[Svg] = []
    for number, bar in enumerate(series, 1):
        middle = x.scale.place(number)
        left = middle - width * _FILLED / 2
        if bar.before is not None:
            top = 1 - y.scale.place(bar.before)
            marks.append(_rectangle(left, top, width * _FILLED, "b before", bar.tooltip))
        if bar.value is None:
            marks.append(place_mark(middle, 0.95, Mark.MISSING, bar.tooltip))
            continue
        top = 1 - y.scale.place(bar.value)
        marks.append(
            _rectangle(left, top, width * _FILLED, f"b {bar.kind.value}{thin}", bar.tooltip)
        )
        if bar.interval is not None and not thin:
            low, high = (1 - y.scale.place(end) for end in bar.interval)
            marks.append(error_bar(middle, low, high))
    around = plot(x, y, lines=(), marks=marks, height=height)
    return make_chart(title, description, [around], legend=legend)


def _rectangle(left: float, top: float, width: float, kind: str, tooltip: str) -> Svg:
    return element(
        "rect",
        element("title", tooltip),
        class_=kind,
        x=percent(left),
        y=percent(top),
        width=percent(width),
        height=percent(max(1 - top, 0.0)),
    )
