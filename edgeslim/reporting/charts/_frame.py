"""What every chart has around its marks: a name and a description, axes, ticks and units."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edgeslim.reporting.charts._marks import Key
from edgeslim.reporting.charts._scale import Scale, Tick
from edgeslim.reporting.charts._svg import Svg, element, group, number, percent

__all__ = ["Axis", "Chart", "Plot", "make_chart", "path", "plot"]

_EXTENT = 10_000
"""Extent of the coordinates that lines are drawn in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """A chart that is ready for a page.

    Args:
        svg: The chart as one SVG element, with its name and description.
        legend: What its marks mean.
        zooms: Whether the page's script lets readers zoom into it.
    """

    svg: Svg
    legend: tuple[Key, ...] = ()
    zooms: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Axis:
    """An axis of a chart.

    Args:
        title: What it shows, with its unit.
        scale: Its first and last value, and whether it is logarithmic.
        max_ticks: Most values that are written beside it.
        named_ticks: Ticks with labels of their own, instead of round values.
    """

    title: str
    scale: Scale
    max_ticks: int = 5
    named_ticks: tuple[Tick, ...] | None = None

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """The values that are written beside it."""
        if self.named_ticks is not None:
            return self.named_ticks
        return self.scale.ticks(self.max_ticks)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plot:
    """Axes and what is drawn between them: a chart, or one panel of it.

    Args:
        svg: The plot, without a name of its own.
        height: Height in pixels, axes included.
    """

    svg: Svg
    height: float


_ABOVE, _BELOW, _BARE = 24.0, 44.0, 6.0
"""Pixels for the title of the y axis, for ticks and title of the x axis, and for none of them."""


def plot(
    x: Axis,
    y: Axis,
    *,
    lines: Sequence[Svg],
    marks: Sequence[Svg],
    height: float = 280.0,
    bare: bool = False,
) -> Plot:
    """Draws axes around lines and marks.

    Args:
        x: Axis from left to right.
        y: Axis from bottom to top.
        lines: Paths of `path`, in the order that they are painted.
        marks: What is painted over them, at percentages of the plot.
        height: Height of the plot without its axes, in pixels.
        bare: Whether the x axis has no texts, since the plot below has the same axis.
    """
    stretched = element(
        "svg",
        *lines,
        class_="lines",
        viewBox=f"0 0 {_EXTENT} {_EXTENT}",
        preserveAspectRatio="none",
        width="100%",
        height="100%",
    )
    data = element(
        "svg", stretched, *marks, class_="data", width="100%", height="100%", overflow="hidden"
    )
    return Plot(
        svg=element(
            "svg",
            element("rect", class_="ground", width="100%", height="100%"),
            element("g", *_y_ticks(y), class_="y-ticks"),
            element("g", *_x_ticks(x, height, bare=bare), class_="x-ticks"),
            data,
            element("text", y.title, class_="axis-title y-title", x=0, y=-10),
            *(() if bare else (_x_title(x, height),)),
            class_="plot",
            y=_ABOVE,
            width="100%",
            height=height,
            overflow="visible",
            data_x=_script_data(x),
            data_y=_script_data(y),
        ),
        height=_ABOVE + height + (_BARE if bare else _BELOW),
    )


def make_chart(
    title: str,
    description: str,
    plots: Iterable[Plot],
    *,
    legend: Sequence[Key] = (),
    zooms: bool = True,
) -> Chart:
    """Makes a chart of one plot, or of several below each other.

    Args:
        title: Name of the chart.
        description: What the chart shows, for screen readers.
        plots: The plots, from top to bottom.
        legend: What the marks mean.
        zooms: Whether the page's script lets readers zoom into the chart.
    """
    parts, height = [], 0.0
    for part in plots:
        parts.append(element("g", part.svg, transform=f"translate(0 {number(height)})"))
        height += part.height
    # An id of its own, and the same each time that the same report is made.
    own = hashlib.sha256("".join([title, description, *parts]).encode())
    name = f"c{own.hexdigest()[:10]}"
    svg = element(
        "svg",
        element("title", title, id=f"{name}t"),
        element("desc", description, id=f"{name}d"),
        group(*parts),
        class_="chart",
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        aria_labelledby=f"{name}t {name}d",
        height=height,
    )
    return Chart(svg=svg, legend=tuple(legend), zooms=zooms)


def path(points: Iterable[tuple[float, float]], kind: str, tooltip: str = "", **more: str) -> Svg:
    """Draws a line through points of the plot.

    Args:
        points: Shares of 0 to 1 of the plot, from the left and from the top.
        kind: Its style, as CSS classes.
        tooltip: Text that is shown when the pointer rests on it.
        more: Further SVG attributes by name.
    """
    places = " ".join(f"{round(x * _EXTENT)} {round(y * _EXTENT)}" for x, y in points)
    inside = (element("title", tooltip),) if tooltip else ()
    return element(
        "path",
        *inside,
        d=f"M{places}",
        class_=kind,
        vector_effect="non-scaling-stroke",
        **more,
    )


def _script_data(axis: Axis) -> str | None:
    """What the page's script must know of an axis to zoom; None where ticks have labels."""
    if axis.named_ticks is not None:
        return None
    scale = axis.scale
    return f"{scale.low!r} {scale.high!r} {'log' if scale.log else 'linear'}"


def _y_ticks(axis: Axis) -> list[Svg]:
    """Draws the ticks of the y axis, each with a line through the plot."""
    parts = []
    for tick in axis.ticks:
        place = percent(1 - axis.scale.place(tick.value))
        parts += [
            element("line", class_="grid", x1=0, x2="100%", y1=place, y2=place),
            element(
                "text", tick.label, class_="tick", x=-8, y=place, dy="0.34em", text_anchor="end"
            ),
        ]
    return parts


def _x_title(axis: Axis, height: float) -> Svg:
    return element(
        "text", axis.title, class_="axis-title", x="100%", y=height + 36, text_anchor="end"
    )


def _x_ticks(axis: Axis, height: float, *, bare: bool) -> list[Svg]:
    parts = []
    for tick in axis.ticks:
        place = percent(axis.scale.place(tick.value))
        parts.append(element("line", class_="grid", y1=0, y2="100%", x1=place, x2=place))
        if not bare:
            parts.append(
                element(
                    "text", tick.label, class_="tick", x=place, y=height + 17, text_anchor="middle"
                )
            )
    return parts
