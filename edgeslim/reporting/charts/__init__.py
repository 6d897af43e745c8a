"""Charts as inline SVG: values in, one well-formed element out, one file a kind of chart.

Why no library draws them. The page is one file that must open without a network, be readable
with scripts off, print crisply and stay small. Plotly's and Vega's scripts are 3.5 and 0.8 MB
before the first point, draw nothing without scripts, and leave little for a screen reader;
Matplotlib's SVG is a picture of fixed width, whose text is paths or shrinks to nothing on a
phone. These are a few hundred lines that nobody has to update.

How they fit any width: places are percentages of the plot, and texts are pixels, so a chart
grows and shrinks with the page while its words stay as they are. Lines are drawn in a nested
`svg` that is stretched, with strokes that are not. The script of the page only moves what is
there already (`templates/report.js`).
"""

from __future__ import annotations

from edgeslim.reporting.charts._frame import Axis, Chart
from edgeslim.reporting.charts._marks import DASHES, Key, Mark, definitions
from edgeslim.reporting.charts._scale import Scale, Tick
from edgeslim.reporting.charts._svg import Svg, printable

__all__ = [
    "DASHES",
    "Axis",
    "Chart",
    "Key",
    "Mark",
    "Scale",
    "Svg",
    "Tick",
    "definitions",
    "printable",
]
