"""What was measured over time, above what the device said of itself meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from edgeslim.reporting.charts._frame import Axis, Chart, Plot, make_chart, path, plot
from edgeslim.reporting.charts._marks import Key, Mark, place_mark
from edgeslim.reporting.charts._svg import Svg, element, percent

__all__ = ["Panel", "Sample", "TimeSpan", "timeline"]

_FIRST, _OTHER = 220.0, 84.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """A value at a time.

    Args:
        at_s: Seconds since the start.
        value: The value, in the unit of its panel.
        tooltip: Text that is shown when the pointer rests on it.
        series: Number of the series whose colour it has, from 0.
    """

    at_s: float
    value: float
    tooltip: str
    series: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeSpan:
    """Values over a span of time, drawn as a bar.

    Args:
        start_s, end_s: Its beginning and end, in seconds since the start.
        low, high: The values that the bar reaches from and to.
        tooltip: Text that is shown when the pointer rests on it.
        series: Number of the series whose colour it has, from 0.
    """

    start_s: float
    end_s: float
    low: float
    high: float
    tooltip: str
    series: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """One quantity over time.

    Args:
        y: Axis of the quantity.
        samples: Single values, by rising time.
        spans: Values over spans of time.
        joined: Whether a line goes through the samples.
    """

    y: Axis
    samples: Sequence[Sample] = ()
    spans: Sequence[TimeSpan] = ()
    joined: bool = False


def timeline(
    panels: Sequence[Panel],
    *,
    title: str,
    description: str,
    x: Axis,
    legend: Sequence[Key] = (),
) -> Chart:
    """Draws quantities below each other over the same time.

    Args:
        panels: The quantities, at least one; the first gets the most room.
        title: Name of the chart.
        description: What the chart shows, for screen readers.
        x: Axis of time, in seconds.
        legend: What the marks mean.
    """
    plots = []
    for index, panel in enumerate(panels):
        last = index == len(panels) - 1
        plots.append(_panel(panel, x, _OTHER if index else _FIRST, bare=not last))
    return make_chart(title, description, plots, legend=legend)


def _panel(panel: Panel, x: Axis, height: float, *, bare: bool) -> Plot:
    marks: list[Svg] = []
    places = [
        (x.scale.place(sample.at_s), 1 - panel.y.scale.place(sample.value))
        for sample in panel.samples
    ]
    # Thousands of dots say the same in groups: a title for each would be most of a page.
    for tooltip, some in groupby(
        zip(places, panel.samples, strict=True), key=lambda pair: pair[1].tooltip
    ):
        dots = [
            place_mark(left, top, Mark.MEASURED, "", more=f"tiny on-{sample.series}")
            for (left, top), sample in some
        ]
        marks.append(element("g", element("title", tooltip), *dots))
    for span in panel.spans:
        left, right = x.scale.place(span.start_s), x.scale.place(span.end_s)
        top, bottom = 1 - panel.y.scale.place(span.high), 1 - panel.y.scale.place(span.low)
        marks.append(
            element(
                "rect",
                element("title", span.tooltip),
                class_=f"b span on-{span.series}",
                x=percent(left),
                y=percent(top),
                width=percent(max(right - left, 0.002)),
                height=percent(max(bottom - top, 0.004)),
            )
        )
    lines = [path(places, "l series-0")] if panel.joined and len(places) > 1 else []
    return plot(x, panel.y, lines=lines, marks=marks, height=height, bare=bare)
