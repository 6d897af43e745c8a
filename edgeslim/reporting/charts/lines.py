"""Lines through knots: latency over channels, loss over channels gone, latency over versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeslim.reporting.charts._frame import Axis, Chart, make_chart, path, plot
from edgeslim.reporting.charts._marks import DASHES, Key, Mark, error_bar, place_mark
from edgeslim.reporting.charts._svg import Svg

__all__ = ["ChartLine", "Knot", "lines"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Knot:
    """A known point of a line.

    Args:
        x, y: Its coordinates, in the units of the axes.
        tooltip: Text that is shown when the pointer rests on it.
        mark: Shape that stands for the origin of y.
        interval: Interval of y, if it is known.
    """

    x: float
    y: float
    tooltip: str
    mark: Mark = Mark.MEASURED
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartLine:
    """A line of a chart.

    Args:
        name: Name in the legend; empty for a line that is not in it.
        knots: Known points of the line, by rising x.
        between: Points that the line goes through, if it is not straight from knot to knot.
        faint: Whether it is grey, since it is only there to compare others with.
    """

    name: str
    knots: Sequence[Knot]
    between: Sequence[tuple[float, float]] | None = None
    faint: bool = False


def lines(
    series: Sequence[ChartLine],
    *,
    title: str,
    description: str,
    x: Axis,
    y: Axis,
    limits: Sequence[tuple[float, str]] = (),
    legend: Sequence[Key] = (),
    height: float = 260.0,
) -> Chart:
    """Draws lines, each of its own colour and dashes, and their knots.

    Args:
        series: The lines; those of one name have one look.
        title: Name of the chart.
        description: What the chart shows, for screen readers.
        x: Axis from left to right.
        y: Axis from bottom to top.
        limits: Values of y that are drawn as dashed lines, each with its tooltip.
        legend: What the marks mean; lines add themselves.
        height: Height of the plot, in pixels.
    """
    across, up = x.scale, y.scale
    drawn_lines: list[Svg] = []
    for value, tooltip in limits:
        place = 1 - up.place(value)
        drawn_lines.append(path([(0.0, place), (1.0, place)], "l limit", tooltip))
    marks: list[Svg] = []
    names = list(dict.fromkeys(line.name for line in series if not line.faint))
    keys: dict[str, Key] = {}
    for line in series:
        own = 0 if line.faint else names.index(line.name) % DASHES
        kind = "faint" if line.faint else f"series-{own}"
        if line.name and not line.faint:
            keys.setdefault(line.name, Key(mark=kind, text=line.name))
        through = line.between or [(knot.x, knot.y) for knot in line.knots]
        places = [(across.place(a), 1 - up.place(b)) for a, b in through]
        if len(places) > 1:
            drawn_lines.append(path(places, f"l {kind}", line.name))
        for knot in line.knots:
            left = across.place(knot.x)
            if knot.interval is not None:
                low, high = (1 - up.place(end) for end in knot.interval)
                marks.append(error_bar(left, low, high))
            more = "small faint" if line.faint else "small"
            if knot.mark is Mark.MEASURED and not line.faint:
                more = f"small on-{own}"
            marks.append(place_mark(left, 1 - up.place(knot.y), knot.mark, knot.tooltip, more=more))
    around = plot(x, y, lines=drawn_lines, marks=marks, height=height)
    return make_chart(title, description, [around], legend=[*legend, *keys.values()])
