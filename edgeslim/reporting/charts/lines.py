"""Lines through knots: latency over channels, loss over channels gone, latency over versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeslim.reporting.charts._frame import Axis, Drawn, drawn, path, plot
from edgeslim.reporting.charts._marks import DASHES, Key, Mark, at, error_bar
from edgeslim.reporting.charts._svg import Svg

__all__ = ["Knot", "Line", "lines"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Knot:
    """A value that is known.

    Args:
        x, y: The value.
        told: What is said when somebody points at it.
        mark: How it was got.
        interval: Of y.
    """

    x: float
    y: float
    told: str
    mark: Mark = Mark.MEASURED
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """Knots of one thing, by rising x.

    Args:
        name: What it is of; empty for one that is not in the legend.
        knots: The knots.
        between: What the line between them goes through, if not straight from knot to knot.
        faint: Whether it is there to compare others with.
    """

    name: str
    knots: Sequence[Knot]
    between: Sequence[tuple[float, float]] | None = None
    faint: bool = False


def lines(
    series: Sequence[Line],
    *,
    title: str,
    description: str,
    x: Axis,
    y: Axis,
    limits: Sequence[tuple[float, str]] = (),
    legend: Sequence[Key] = (),
    height: float = 260.0,
) -> Drawn:
    """Draws lines, each of its own colour and dashes, and their knots.

    Args:
        series: The lines; those of one name have one look.
        title: Name of the chart.
        description: What it shows, for those who do not see it.
        x: From left to right.
        y: From bottom to top.
        limits: Values of y that matter, and what they are.
        legend: What the marks are; lines add themselves.
        height: Of the plot, in pixels.
    """
    across, up = x.scale, y.scale
    drawn_lines: list[Svg] = []
    for value, told in limits:
        place = 1 - up.place(value)
        drawn_lines.append(path([(0.0, place), (1.0, place)], "l limit", told))
    marks: list[Svg] = []
    names = list(dict.fromkeys(each.name for each in series if not each.faint))
    keys: dict[str, Key] = {}
    for line in series:
        own = 0 if line.faint else names.index(line.name) % DASHES
        kind = "faint" if line.faint else f"series-{own}"
        if line.name and not line.faint:
            keys.setdefault(line.name, Key(mark=kind, text=line.name))
        through = line.between or [(each.x, each.y) for each in line.knots]
        places = [(across.place(a), 1 - up.place(b)) for a, b in through]
        if len(places) > 1:
            drawn_lines.append(path(places, f"l {kind}", line.name))
        for knot in line.knots:
            left = across.place(knot.x)
            if knot.interval is not None:
                low, high = (1 - up.place(each) for each in knot.interval)
                marks.append(error_bar(left, low, high))
            more = "small faint" if line.faint else "small"
            if knot.mark is Mark.MEASURED and not line.faint:
                more = f"small on-{own}"
            marks.append(at(left, 1 - up.place(knot.y), knot.mark, knot.told, more=more))
    around = plot(x, y, lines=drawn_lines, marks=marks, height=height)
    return drawn(title, description, [around], legend=[*legend, *keys.values()])
