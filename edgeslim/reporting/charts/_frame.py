"""What every chart has around its marks: a name and a description, axes, ticks and units."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edgeslim.reporting.charts._marks import Key
from edgeslim.reporting.charts._scale import Scale, Tick
from edgeslim.reporting.charts._svg import Svg, element, group, number, percent

__all__ = ["Axis", "Drawn", "Plot", "drawn", "path", "plot"]

_STRETCHED = 10_000
"""Extent of the coordinates that lines are drawn in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """A chart.

    Args:
        svg: The picture.
        legend: What its marks mean.
        zooms: Whether a closer look shows more.
    """

    svg: Svg
    legend: tuple[Key, ...] = ()
    zooms: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Axis:
    """An axis.

    Args:
        title: What it shows, with its unit.
        scale: From where to where.
        ticks: Most values that are written beside it.
        named: Ticks with names of their own, instead of round values.
    """

    title: str
    scale: Scale
    ticks: int = 5
    named: tuple[Tick, ...] | None = None

    @property
    def shown(self) -> tuple[Tick, ...]:
        """What is written beside it."""
        return self.scale.ticks(self.ticks) if self.named is None else self.named


@dataclass(frozen=True, kw_only=True, slots=True)
class Plot:
    """Axes and what is between them.

    Args:
        svg: The picture, without a name.
        height: How high, in pixels, axes included.
    """

    svg: Svg
    height: float


_ABOVE, _BELOW, _BARE = 24.0, 44.0, 6.0
"""Room for the title of the y axis, and for the ticks and title of the x axis."""


def plot(
    x: Axis,
    y: Axis,
    *,
    lines: Sequence[Svg],
    marks: Sequence[Svg],
    height: float = 280.0,
    bare: bool = False,
) -> Plot:
    """Axes around lines and marks.

    Args:
        x: From left to right.
        y: From bottom to top.
        lines: Paths of `path`, in the order that they are painted.
        marks: What is painted over them, at percentages of the plot.
        height: Of the plot alone, in pixels.
        bare: Whether the x axis has no texts, for it is that of the plot below.
    """
    stretched = element(
        "svg",
        *lines,
        class_="lines",
        viewBox=f"0 0 {_STRETCHED} {_STRETCHED}",
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
            element("g", *_across(y), class_="y-ticks"),
            element("g", *_down(x, height, bare=bare), class_="x-ticks"),
            data,
            element("text", y.title, class_="axis-title y-title", x=0, y=-10),
            *(() if bare else (_below(x, height),)),
            class_="plot",
            y=_ABOVE,
            width="100%",
            height=height,
            overflow="visible",
            data_x=_told(x),
            data_y=_told(y),
        ),
        height=_ABOVE + height + (_BARE if bare else _BELOW),
    )


def drawn(
    title: str,
    description: str,
    plots: Iterable[Plot],
    *,
    legend: Sequence[Key] = (),
    zooms: bool = True,
) -> Drawn:
    """A chart of one plot, or of several below each other.

    Args:
        title: Its name.
        description: What it shows, for those who do not see it.
        plots: From top to bottom.
        legend: What its marks mean.
        zooms: Whether a closer look shows more.
    """
    parts, height = [], 0.0
    for each in plots:
        parts.append(element("g", each.svg, transform=f"translate(0 {number(height)})"))
        height += each.height
    # An id of its own, and the same each time that the same report is made.
    own = hashlib.sha256("".join([title, description, *(p.text for p in parts)]).encode())
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
    return Drawn(svg=svg, legend=tuple(legend), zooms=zooms)


def path(points: Iterable[tuple[float, float]], kind: str, told: str = "", **more: str) -> Svg:
    """A line through places of the plot, 0 to 1 from the left and from the top.

    Args:
        points: The places.
        kind: Classes.
        told: What is said when somebody points at it.
        more: Further attributes.
    """
    places = " ".join(f"{round(x * _STRETCHED)} {round(y * _STRETCHED)}" for x, y in points)
    inside = (element("title", told),) if told else ()
    return element(
        "path",
        *inside,
        d=f"M{places}",
        class_=kind,
        vector_effect="non-scaling-stroke",
        **more,
    )


def _told(axis: Axis) -> str | None:
    """The axis for the script, unless its ticks have names."""
    if axis.named is not None:
        return None
    scale = axis.scale
    return f"{scale.low!r} {scale.high!r} {'log' if scale.log else 'linear'}"


def _across(axis: Axis) -> list[Svg]:
    """Ticks of the y axis, each with a line through the plot."""
    found = []
    for tick in axis.shown:
        place = percent(1 - axis.scale.place(tick.value))
        found += [
            element("line", class_="grid", x1=0, x2="100%", y1=place, y2=place),
            element(
                "text", tick.label, class_="tick", x=-8, y=place, dy="0.34em", text_anchor="end"
            ),
        ]
    return found


def _below(axis: Axis, height: float) -> Svg:
    return element(
        "text", axis.title, class_="axis-title", x="100%", y=height + 36, text_anchor="end"
    )


def _down(axis: Axis, height: float, *, bare: bool) -> list[Svg]:
    found = []
    for tick in axis.shown:
        place = percent(axis.scale.place(tick.value))
        found.append(element("line", class_="grid", y1=0, y2="100%", x1=place, x2=place))
        if not bare:
            found.append(
                element(
                    "text", tick.label, class_="tick", x=place, y=height + 17, text_anchor="middle"
                )
            )
    return found
