"""A few numbers beside each other, each with the interval that it may be in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeslim.reporting.charts._frame import Axis, Chart, make_chart, path, plot
from edgeslim.reporting.charts._marks import Key, Mark, place_mark
from edgeslim.reporting.charts._scale import Scale
from edgeslim.reporting.charts._svg import Svg, element, percent

__all__ = ["Reading", "intervals"]

_ROW = 46.0
_LONGEST = 70
"""Most characters of a name; more have no room, and a phone shows about 45 of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A number with its interval.

    Args:
        name: What the number is, and the number in words; written above it.
        value: The number, in the unit of the axis.
        mark: Shape that stands for its origin.
        tooltip: Text that is shown when the pointer rests on it.
        interval: Interval of the number, in the same unit.
    """

    name: str
    value: float
    mark: Mark
    tooltip: str
    interval: tuple[float, float] | None = None


def intervals(
    rows: Sequence[Reading],
    *,
    title: str,
    description: str,
    x: Axis,
    limits: Sequence[tuple[float, str]] = (),
    legend: Sequence[Key] = (),
) -> Chart:
    """Draws a row for each number, from top to bottom.

    Args:
        rows: The numbers, at least one.
        title: Name of the chart.
        description: What the chart shows, for screen readers.
        x: The axis of all numbers.
        limits: Values that are drawn as dashed lines, each with its tooltip.
        legend: What the marks mean.
    """
    y = Axis(title="", scale=Scale(low=0, high=len(rows)), named_ticks=())
    marks: list[Svg] = []
    for index, row in enumerate(rows):
        # The name above its mark, so that a narrow page has room for both.
        base = (index + 0.70) / len(rows)
        marks.append(
            element(
                "text",
                element("title", row.tooltip),
                _shorten(row.name),
                class_="row-name",
                x=6,
                y=percent(index / len(rows)),
                dy=17,
            )
        )
        if row.interval is not None:
            low, high = (percent(x.scale.place(end)) for end in row.interval)
            place = percent(base)
            marks.append(element("line", class_="e wide", x1=low, x2=high, y1=place, y2=place))
        marks.append(place_mark(x.scale.place(row.value), base, row.mark, row.tooltip))
    lines = []
    for value, tooltip in limits:
        across = x.scale.place(value)
        lines.append(path([(across, 0.0), (across, 1.0)], "l limit", tooltip))
    around = plot(x, y, lines=lines, marks=marks, height=_ROW * len(rows))
    return make_chart(title, description, [around], legend=legend, zooms=False)


def _shorten(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
