"""A plot of a prediction: latency of each operator, with its uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.counts import format_count
from edgeslim.durations import format_ms
from edgeslim.pictures import check_picture, save_picture
from edgeslim.prediction.family_model import NORMAL_90
from edgeslim.prediction.predictor import OperatorLatency, Prediction, Source

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_prediction"]

_COLOURS = {
    Source.MEASURED: "#2a6f97",
    Source.INTERPOLATED: "#e09f3e",
    Source.TRANSFERRED: "#6a994e",
    Source.FITTED: "#8a6fb0",
    Source.MISSING: "#9e2a2b",
    Source.LEFT_OUT: "#8d99ae",
    Source.WITHIN: "#8d99ae",
}
_UNKNOWN = {
    Source.MISSING: "not in the table",
    Source.LEFT_OUT: "not in its convention",
}
"""Operators without a latency, which is not 0: what stands in place of a bar."""
_MOST_ROWS = 120
"""Networks of more operators get thin bars without names."""


def plot_prediction(prediction: Prediction, out: Path, *, title: str) -> None:
    """Draws each operator's share of the latency in the order they run.

    Args:
        prediction: Prediction of the network.
        out: File of the plot, a PNG or SVG.
        title: Title that names the network and the device.

    Raises:
        UsageError: The name is neither a PNG's nor an SVG's.
        UnwritableError: The file cannot be written.
    """
    check_picture(out)
    from matplotlib.figure import Figure

    operators = prediction.operators
    named = len(operators) <= _MOST_ROWS
    height = 1.6 + (0.17 if named else 0.04) * len(operators)
    figure = Figure(figsize=(9, max(3.0, height)), layout="constrained")
    axes = figure.add_subplot()
    axes.set_yticks(
        np.arange(len(operators)) if named else [],
        [str(operator.spec) for operator in operators] if named else [],
    )
    in_us = max((operator.latency_ms or 0.0 for operator in operators), default=0.0) < 1
    factor = 1e3 if in_us else 1.0
    for source, colour in _COLOURS.items():
        of = [i for i, operator in enumerate(operators) if operator.source is source]
        if not of:
            continue
        if source in _UNKNOWN:
            _draw_unknown(axes, of, source, colour)
            continue
        axes.barh(
            of,
            [factor * (operators[i].latency_ms or 0.0) for i in of],
            xerr=[factor * _half_width_ms(operators[i]) for i in of]
            if source in {Source.INTERPOLATED, Source.TRANSFERRED, Source.FITTED}
            else None,
            color=colour,
            error_kw={"elinewidth": 1, "capsize": 2},
            label=f"{source.value} ({len(of)})",
        )
    axes.tick_params(axis="y", labelsize=7)
    axes.invert_yaxis()
    axes.margins(y=0.01)
    axes.set_xlabel(f"latency in the network ({'us' if in_us else 'ms'})")
    interval = ""
    if prediction.interval_ms is not None:
        low, high = map(format_ms, prediction.interval_ms)
        interval = f", 90 % between {low} and {high}"
    unknown = sum(operator.latency_ms is None for operator in operators)
    without = f", without {format_count(unknown, 'operator')}" if unknown else ""
    axes.set_title(f"{title}\n{format_ms(prediction.total_ms)}{interval}{without}", fontsize=11)
    axes.grid(visible=True, axis="x", alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    save_picture(figure, out)


def _draw_unknown(axes: Axes, places: Sequence[int], source: Source, colour: str) -> None:
    """Crosses and a text in place of bars, for operators whose latency is not known."""
    axes.scatter(
        [0.0] * len(places),
        places,
        marker="x",
        s=14,
        linewidths=1,
        color=colour,
        label=f"{source.value} ({len(places)})",
        clip_on=False,
        zorder=3,
    )
    for place in places if len(axes.get_yticks()) else ():
        axes.annotate(
            _UNKNOWN[source],
            (0.0, place),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=6,
            color=colour,
        )


def _half_width_ms(operator: OperatorLatency) -> float:
    """Half-width of the 90 % interval of an estimated operator; 0 for a measured one."""
    return NORMAL_90 * operator.error * (operator.latency_ms or 0.0)
