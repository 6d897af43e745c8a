"""A plot of sensitivities: the loss of each group, and what an allowed loss would remove."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.pictures import check_picture, save_picture
from edgeslim.runs.sensitivity_file import Sensitivities
from edgeslim.runs.sensitivity_rows import SensitivityPoint

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["plot_sensitivities"]

_STYLES = ("-", "--", ":", "-.")
_MARKERS = "osv^D"
_LINES_A_COLUMN = 30
_LONGEST_NAME = 34


def plot_sensitivities(
    found: Sensitivities, trade_off: Sequence[tuple[float, float]], out: Path
) -> None:
    """Draws a line for each group, from dark at the input to bright at the output.

    Args:
        found: Sensitivities that were measured.
        trade_off: Allowed loss and share of the model that would be removed, as
            `edgeslim.pruning.paddlex_rule.trade_off` gives them.
        out: File of the plot, a PNG or SVG.

    Raises:
        UsageError: The name is neither a PNG's nor an SVG's.
        UnwritableError: The file cannot be written.
    """
    check_picture(out)
    from matplotlib.figure import Figure

    columns = math.ceil(len(found.points) / _LINES_A_COLUMN)
    figure = Figure(figsize=(10.5 + 2.4 * columns, 6), layout="constrained")
    curves, allowed = figure.subplots(1, 2, width_ratios=(1.6, 1))
    lines = _curves(curves, found)
    _trade_off(allowed, trade_off)
    context = found.context
    figure.suptitle(
        f"{context.name} on {context.task}: {context.metric} {context.baseline:.4f} when whole, "
        f"channels by {context.criterion}",
        fontsize=11,
    )
    # By descending loss, so that names are in the order of the lines.
    order = sorted(lines, key=lambda name: -_mean_loss(found.points[name]))
    figure.legend(
        [lines[name] for name in order],
        [_short_name(name) for name in order],
        loc="outside right upper",
        ncols=columns,
        fontsize=7,
        frameon=False,
        title="costly first",
        title_fontsize=8,
    )
    save_picture(figure, out)


def _curves(axes: Axes, found: Sensitivities) -> dict[str, Line2D]:
    from matplotlib import colormaps

    colours = colormaps["viridis"](np.linspace(0.0, 0.92, max(1, len(found.points))))
    lines = {}
    for place, (name, points) in enumerate(found.points.items()):
        (lines[name],) = axes.plot(
            [0.0, *(100 * point.removed_share for point in points)],
            [0.0, *(100 * point.relative_loss for point in points)],
            _STYLES[place % len(_STYLES)],
            marker=_MARKERS[place % len(_MARKERS)],
            color=colours[place],
            markersize=3,
            linewidth=1.2,
        )
    axes.set_xlabel("channels of the group gone (%)")
    axes.set_ylabel(f"{found.context.metric} lost, of what there was (%)")
    axes.set_xlim(0, 100)
    _style_axes(axes)
    return lines


def _trade_off(axes: Axes, trade_off: Sequence[tuple[float, float]]) -> None:
    axes.plot(
        [100 * removed for _, removed in trade_off],
        [100 * allowed for allowed, _ in trade_off],
        "o-",
        color="#2a6f97",
        markersize=4,
    )
    axes.set_xlabel("parameters that would go (%)")
    axes.set_ylabel("loss allowed to each group (%)")
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    _style_axes(axes)


def _style_axes(axes: Axes) -> None:
    axes.grid(visible=True, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _mean_loss(points: Sequence[SensitivityPoint]) -> float:
    """The mean loss of a group over its points."""
    return sum(point.relative_loss for point in points) / len(points)


def _short_name(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"…{name[1 - _LONGEST_NAME :]}"
