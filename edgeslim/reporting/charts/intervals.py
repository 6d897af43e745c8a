"""A few numbers beside each other, each with the interval that it may be in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeslim.reporting.charts._frame import Axis, Drawn, drawn, path, plot
from edgeslim.reporting.charts._marks import Key, Mark, at
from edgeslim.reporting.charts._scale import Scale
from edgeslim.reporting.charts._svg import Svg, element, percent

__all__ = ["Reading", "intervals"]

_ROW = 46.0
_LONGEST = 70
"""Characters of a name; more has no room, and a phone shows about 45 of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A number.

    Args:
        name: What it is, and in words what it is worth; written above it.
        value: The number.
        mark: How it was got.
        told: What is said when somebody points at it.
        interval: Where it may be.
    """

    name: str
    value: float
    mark: Mark
    told: str
    interval: tuple[float, float] | None = None


def intervals(
    rows: Sequence[Reading],
    *,
    title: str,
    description: str,
    x: Axis,
    limits: Sequence[tuple[float, str]] = (),
    legend: Sequence[Key] = (),
) -> Drawn:
    """Draws a row for each number, from top to bottom.

    Args:
        rows: The numbers, at least one.
        title: Name of the chart.
        description: What it shows, for those who do not see it.
        x: The axis of all of them.
        limits: Values that matter, and what they are.
        legend: What is what.
    """
    y = Axis(title="", scale=Scale(low=0, high=len(rows)), named=())
    marks: list[Svg] = []
    for index, row in enumerate(rows):
        # The name above its mark, so that a narrow page has room for both.
        base = (index + 0.70) / len(rows)
        marks.append(
            element(
                "text",
                element("title", row.told),
                _shortened(row.name),
                class_="row-name",
                x=6,
                y=percent(index / len(rows)),
                dy=17,
            )
        )
        if row.interval is not None:
            low, high = (percent(x.scale.place(each)) for each in row.interval)
            place = percent(base)
            marks.append(element("line", class_="e wide", x1=low, x2=high, y1=place, y2=place))
        marks.append(at(x.scale.place(row.value), base, row.mark, row.told))
    lines = []
    for value, told in limits:
        across = x.scale.place(value)
        lines.append(path([(across, 0.0), (across, 1.0)], "l limit", told))
    around = plot(x, y, lines=lines, marks=marks, height=_ROW * len(rows))
    return drawn(title, description, [around], legend=legend, zooms=False)


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
