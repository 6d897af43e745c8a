"""A plot of a family: latency over output channels, a step function."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeslim.pictures import check_picture, save_picture
from edgeslim.tables.families import Family, Point

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_family"]

_MOST_TICKS = 24


def plot_family(family: Family, out: Path, *, subtitle: str) -> None:
    """Draws a family: one line for each input width, bars over the middle half of samples.

    A step reaches from the width before to its own, since channels are padded to the
    kernel's block: the latency at 16 holds from 9 on if blocks are of 8.

    Args:
        family: Family of operators to draw.
        out: File of the plot, a PNG or SVG.
        subtitle: Text on the device and the settings.

    Raises:
        UsageError: The name is neither a PNG's nor an SVG's.
        UnwritableError: The file cannot be written.
    """
    check_picture(out)
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5.4), layout="constrained")
    axes = figure.add_subplot()
    in_us = max(point.measurement.latency_ms for point in family.points) < 1
    lines, factor = family.lines, 1e3 if in_us else 1.0
    colours = colormaps["viridis"](np.linspace(0.0, 0.9, len(lines))[::-1])
    for colour, (width, points) in zip(colours, reversed(list(lines.items())), strict=True):
        _draw_line(axes, points, colour, str(width), factor)
    _mark_unstable(axes, family.points, factor)
    axes.set_xlabel("output channels" if 0 not in lines else "channels")
    axes.set_ylabel(f"latency ({'us' if in_us else 'ms'})")
    axes.set_title(f"{family.name}\n{subtitle}", fontsize=11)
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    _set_ticks(axes, [point.c_out for point in family.points])
    axes.grid(visible=True, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    if 0 not in lines:
        figure.legend(title="input\nchannels", loc="outside right upper", frameon=False)
    save_picture(figure, out)


def _draw_line(
    axes: Axes,
    points: tuple[Point, ...],
    colour: Any,  # noqa: ANN401 - matplotlib's
    label: str,
    factor: float,
) -> None:
    widths = [point.c_out for point in points]
    latencies = [factor * point.measurement.latency_ms for point in points]
    axes.step(widths, latencies, where="pre", color=colour, linewidth=1.4, label=label)
    measured = list(zip(points, latencies, strict=True))
    several = any(len(point.measurement.samples_ns) > 1 for point in points)
    errors = [
        [abs(factor * point.middle_half_ms[side] - y) for point, y in measured] for side in (0, 1)
    ]
    axes.errorbar(
        widths,
        latencies,
        yerr=errors if several else None,
        fmt="o",
        color=colour,
        markersize=4,
        capsize=3,
        elinewidth=1,
    )


def _mark_unstable(axes: Axes, points: tuple[Point, ...], factor: float) -> None:
    """Marks points whose measurement is unstable with a cross."""
    unstable = [point for point in points if not point.measurement.is_stable]
    if unstable:
        axes.plot(
            [point.c_out for point in unstable],
            [factor * point.measurement.latency_ms for point in unstable],
            "x",
            color="crimson",
            markersize=9,
            label="unstable",
        )


def _set_ticks(axes: Axes, widths: list[int]) -> None:
    """Sets ticks at multiples of eight, a kernel's block, or of a larger power of two."""
    from matplotlib.ticker import MultipleLocator

    step = 8
    while max(widths) / step > _MOST_TICKS:
        step *= 2
    axes.xaxis.set_major_locator(MultipleLocator(step))
