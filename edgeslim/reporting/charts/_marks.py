"""What stands for a value in a chart: a shape and a colour for each origin of values.

Colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), which people with any
kind of colour vision tell apart; shapes say the same in print and to those who see no colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from edgeslim.reporting.charts._svg import Svg, element, group, percent

__all__ = ["DASHES", "Key", "Mark", "definitions", "error_bar", "place_label", "place_mark"]


class Mark(str, Enum):
    """The shape that stands for a value; its colour is in the page's style."""

    MEASURED = "measured"
    PREDICTED = "predicted"
    INTERPOLATED = "interpolated"
    IMPORTED = "imported"
    MISSING = "missing"
    LEFT_OUT = "left-out"
    CHOSEN = "chosen"


DASHES = 8
"""How many kinds of lines there are, each of its own colour and dashes (``series-0`` …)."""

_LONGEST_LABEL = 24
"""Characters of a name that half a plot has room for on a phone."""

_SHAPES = {
    Mark.MEASURED: element("circle", r=4.5),
    Mark.PREDICTED: element("path", d="M0-5.6L5.6 0 0 5.6-5.6 0Z"),
    Mark.INTERPOLATED: element("path", d="M0-5.6L5.6 0 0 5.6-5.6 0Z"),
    Mark.IMPORTED: element("path", d="M0-5.4L5.2 4.2-5.2 4.2Z"),
    Mark.MISSING: element("path", d="M-4-4L4 4M-4 4L4-4"),
    Mark.CHOSEN: element(
        "path",
        d="M0-8.5L2.1-2.9 8.1-2.6 3.4 1.1 5 6.9 0 3.6-5 6.9-3.4 1.1-8.1-2.6-2.1-2.9Z",
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A line of a legend.

    Args:
        mark: The symbol: a mark, ``bar-`` and a mark, or a line such as ``series-0``.
        text: What the symbol stands for.
    """

    mark: str
    text: str

    @property
    def sample(self) -> Svg:
        """The symbol as a small picture."""
        name = str(self.mark)
        shape = next((mark for mark in _SHAPES if mark.value == name), None)
        if shape is not None:
            inside = element("use", href=f"#mark-{name}", x=11, y=8, class_=f"m {name}")
        elif name in {"band", "band-2", "before"} or name.startswith("bar-"):
            inside = element(
                "rect", x=1, y=2, width=20, height=12, class_=f"b {name.removeprefix('bar-')}"
            )
        else:
            inside = element("path", d="M1 8H21", class_=f"l {name}")
        return element("svg", inside, class_="key", width=22, height=16, aria_hidden="true")


def place_mark(x: float, y: float, mark: Mark, tooltip: str, *, more: str = "") -> Svg:
    """Draws a mark at a point of the plot.

    Args:
        x: Distance from the left, as a share of the plot.
        y: Distance from the top, as a share of the plot.
        mark: Which shape is drawn.
        tooltip: Text that is shown when the pointer rests on it; empty where its group has one.
        more: Further CSS classes, separated by spaces.
    """
    inside = (element("title", tooltip),) if tooltip else ()
    return element(
        "use",
        *inside,
        href=f"#mark-{mark.value}",
        x=percent(x),
        y=percent(y),
        class_=f"m {mark.value} {more}".strip(),
    )


def place_label(x: float, y: float, text: str, *, is_above: bool = True) -> Svg:
    """Writes a name beside a mark, towards the middle of the plot, so that none is cut off.

    Args:
        x: Distance of the mark from the left, as a share of the plot.
        y: Distance of the mark from the top, as a share of the plot.
        text: The name; of a long one, the end is left out.
        is_above: Whether it stands above the mark, or else below.
    """
    is_left = x < 0.5
    return element(
        "text",
        text
        if len(text) <= _LONGEST_LABEL
        else f"{text[: _LONGEST_LABEL - 1]}\N{HORIZONTAL ELLIPSIS}",
        class_="tick",
        x=percent(x),
        y=percent(y),
        dx=9 if is_left else -9,
        dy=-7 if (is_above or y > 0.9) and y > 0.1 else 16,
        text_anchor="start" if is_left else "end",
    )


def error_bar(x: float, low: float, high: float, *, upright: bool = True) -> Svg:
    """Draws a thin line over an interval; one that is ``upright`` goes along y."""
    if upright:
        x1, y1, x2, y2 = x, low, x, high
    else:
        x1, y1, x2, y2 = low, x, high, x
    return element(
        "line", class_="e", x1=percent(x1), y1=percent(y1), x2=percent(x2), y2=percent(y2)
    )


def definitions() -> Svg:
    """The shapes and hatches that all charts of a page refer to; an element that shows nothing."""
    shapes = [element("g", shape, id=f"mark-{mark.value}") for mark, shape in _SHAPES.items()]
    hatch = element(
        "pattern",
        element("rect", width=6, height=6, class_="hatch-ground"),
        element("path", d="M-1 1L1-1M0 6L6 0M5 7L7 5", class_="hatch-line"),
        id="hatch",
        width=6,
        height=6,
        patternUnits="userSpaceOnUse",
    )
    return element(
        "svg",
        element("defs", group(*shapes), hatch),
        class_="definitions",
        width=0,
        height=0,
        aria_hidden="true",
        focusable="false",
    )
