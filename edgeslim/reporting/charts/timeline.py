"""What was measured over time, above what the device said of itself meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from edgeslim.reporting.charts._frame import Axis, Drawn, Plot, drawn, path, plot
from edgeslim.reporting.charts._marks import Key, Mark, at
from edgeslim.reporting.charts._svg import Svg, element, percent

__all__ = ["Panel", "Sample", "Span", "timeline"]

_FIRST, _OTHER = 220.0, 84.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """A value at a time.

    Args:
        at_s: When.
        value: The value.
        told: What is said when somebody points at it.
        series: Number of its colour.
    """

    at_s: float
    value: float
    told: str
    series: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Something that lasted: its middle half as a bar, from some time to another.

    Args:
        start_s, end_s: How long.
        low, high: From where to where.
        told: What is said when somebody points at it.
        series: Number of its colour.
    """

    start_s: float
    end_s: float
    low: float
    high: float
    told: str
    series: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """One quantity over time.

    Args:
        y: Its axis.
        samples: Its values, by rising time.
        spans: What lasted.
        joined: Whether a line goes through the samples.
    """

    y: Axis
    samples: Sequence[Sample] = ()
    spans: Sequence[Span] = ()
    joined: bool = False


def timeline(
    panels: Sequence[Panel],
    *,
    title: str,
    description: str,
    x: Axis,
    legend: Sequence[Key] = (),
) -> Drawn:
    """Draws quantities below each other over the same time.

    Args:
        panels: The most important first, which is the highest; at least one.
        title: Name of the chart.
        description: What it shows, for those who do not see it.
        x: Time.
        legend: What is what.
    """
    plots = []
    for index, panel in enumerate(panels):
        last = index == len(panels) - 1
        plots.append(_panel(panel, x, _OTHER if index else _FIRST, bare=not last))
    return drawn(title, description, plots, legend=legend)


def _panel(panel: Panel, x: Axis, height: float, *, bare: bool) -> Plot:
    marks: list[Svg] = []
    places = [
        (x.scale.place(each.at_s), 1 - panel.y.scale.place(each.value)) for each in panel.samples
    ]
    # Thousands of dots say the same in groups: a title for each would be most of a page.
    for told, some in groupby(
        zip(places, panel.samples, strict=True), key=lambda pair: pair[1].told
    ):
        dots = [
            at(left, top, Mark.MEASURED, "", more=f"tiny on-{sample.series}")
            for (left, top), sample in some
        ]
        marks.append(element("g", element("title", told), *dots))
    for span in panel.spans:
        left, right = x.scale.place(span.start_s), x.scale.place(span.end_s)
        top, bottom = 1 - panel.y.scale.place(span.high), 1 - panel.y.scale.place(span.low)
        marks.append(
            element(
                "rect",
                element("title", span.told),
                class_=f"b span on-{span.series}",
                x=percent(left),
                y=percent(top),
                width=percent(max(right - left, 0.002)),
                height=percent(max(bottom - top, 0.004)),
            )
        )
    lines = [path(places, "l series-0")] if panel.joined and len(places) > 1 else []
    return plot(x, panel.y, lines=lines, marks=marks, height=height, bare=bare)
