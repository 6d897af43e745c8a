"""The section that shows every sample over time, with the device's state meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgeslim.latency_rows import ConditionsRow
from edgeslim.reporting.charts import DASHES, Axis, Key, Scale
from edgeslim.reporting.charts.timeline import Panel, Sample, TimeSpan, timeline
from edgeslim.reporting.document import (
    Block,
    Picture,
    ReportSection,
    Table,
    table_of,
)
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.number_format import format_ms, format_ms_interval, latency_axis
from edgeslim.reporting.sections.variants import format_variant
from edgeslim.runs.deployment_records import (
    DeploymentRecord,
    ModelRecord,
    ModelRound,
    RoundRecord,
    WindowRecord,
)

__all__ = ["samples"]

_MAX_SAMPLES = 1500
"""Dots of a chart: more merge into one dark band, and only make the page larger."""


def samples(evidence: Evidence) -> ReportSection | None:
    """Makes the section: the newest deployment round by round, and its sustained runs."""
    record = evidence.latest
    if record is None or not record.rounds:
        return None
    blocks: list[Block] = [_rounds(record), _table(record)]
    blocks += [_sustained_chart(model) for model in record.models if model.sustained]
    return ReportSection(key="samples", title="Samples over time", blocks=blocks)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Drawn:
    """What the chart of rounds shows of models.

    Args:
        dots: The samples, each at its time.
        spans: The middle half of each round of each model.
    """

    dots: list[Sample]
    spans: list[TimeSpan]


def _rounds(record: DeploymentRecord) -> Picture:
    axis = latency_axis(model.latency_ms for model in record.models)
    total = sum(len(own.samples_ns) for model in record.models for own in model.rounds)
    thinning = max(1, -(-total // _MAX_SAMPLES))
    drawn = _draw(record, axis, thinning)
    factor, unit = axis
    latency = Panel(
        y=Axis(title=f"latency ({unit})", scale=_without_outliers(record, factor)),
        samples=drawn.dots,
        spans=drawn.spans,
    )
    values, scale = [dot.value for dot in drawn.dots], latency.y.scale
    outside = sum(not scale.low <= value <= scale.high for value in values)
    ends = [0.0, *(turn.end_s for turn in record.rounds)]
    says = "Every sample is a dot, bars are the middle half of a round. Models ran in turns; when "
    says += "a sample was taken within its turn was not recorded, so they are spread evenly."
    if thinning > 1:
        says += f" One of {thinning} of the {total:,} samples is drawn."
    if outside:
        largest = format_ms(max(values) / factor)
        says += f" {outside:,} are beyond the chart (the largest {largest})."
    return Picture(
        title="Rounds",
        says=says,
        chart=timeline(
            [latency, *_conditions(record)],
            title="Samples over time",
            description=f"{total:,} samples of {len(record.models)} models in "
            f"{len(record.rounds)} rounds.",
            x=Axis(title="since the start (s)", scale=Scale.around(ends, zero=True, margin=0.02)),
            legend=[
                Key(mark=f"series-{place % DASHES}", text=format_variant(model))
                for place, model in enumerate(record.models)
            ],
        ),
    )


def _draw(record: DeploymentRecord, axis: tuple[float, str], thinning: int) -> _Drawn:
    """Places every sample, or one of some, and every round at the time when it was measured.

    Args:
        record: The deployment whose rounds are drawn.
        axis: Factor and unit of the latency axis.
        thinning: Of so many samples, one is drawn.
    """
    factor, unit = axis
    drawn = _Drawn(dots=[], spans=[])
    by_number = {turn.number: turn for turn in record.rounds}
    for place, model in enumerate(record.models):
        series = place % DASHES
        for own in model.rounds:
            when = _turn_of(by_number.get(own.round), model.id)
            if when is None:
                continue
            values = factor * np.array(own.samples_ns) / 1e6
            low, middle, high = (float(q) for q in np.quantile(values, [0.25, 0.5, 0.75]))
            note = f"; disturbed: {own.disturbed}" if own.disturbed else ""
            tooltip = (
                f"{format_variant(model)}, round {own.round + 1}: median {middle:.4g} {unit}, "
                f"middle half {low:.4g} to {high:.4g}, {len(values)} samples{note}"
            )
            drawn.spans.append(
                TimeSpan(
                    start_s=when[0],
                    end_s=when[1],
                    low=low,
                    high=high,
                    tooltip=tooltip,
                    series=series,
                )
            )
            times = np.linspace(*when, len(values) + 2)[1:-1]
            drawn.dots.extend(
                Sample(at_s=float(at), value=float(value), tooltip=tooltip, series=series)
                for at, value in list(zip(times, values, strict=True))[::thinning]
            )
    return drawn


def _without_outliers(record: DeploymentRecord, factor: float) -> Scale:
    """A scale for nine of ten samples of every model, with a margin.

    On a busy machine a few samples take a hundred times as long, and would flatten all others.
    """
    ends = []
    for model in record.models:
        own = np.concatenate([own.samples_ns for own in model.rounds]) * factor / 1e6
        low, middle, high = (float(quantile) for quantile in np.quantile(own, [0.0, 0.5, 0.9]))
        ends += [low, middle + 1.5 * (high - middle)]
    return Scale.around(ends)


def _turn_of(turn: RoundRecord | None, model_id: str) -> tuple[float, float] | None:
    """About when a model ran in a round, in seconds, as if all its turns were equally long."""
    if turn is None or model_id not in turn.order:
        return None
    place, length = turn.order.index(model_id), (turn.end_s - turn.start_s) / len(turn.order)
    start = turn.start_s + place * length
    return start + 0.06 * length, start + 0.94 * length


_QUANTITIES: tuple[tuple[str, Callable[[ConditionsRow], float | None]], ...] = (
    ("temperature (\N{DEGREE SIGN}C)", lambda state: state.temperature_c),
    (
        "frequency, fastest core (MHz)",
        lambda state: max(state.frequencies_mhz) if state.frequencies_mhz else None,
    ),
    ("load", lambda state: state.load),
)


def _conditions(record: DeploymentRecord) -> list[Panel]:
    """Draws the device's state after each round, as far as the device reported it."""
    states = [(turn.end_s, turn.state) for turn in record.rounds if turn.state is not None]
    if record.state_before is not None:
        states.insert(0, (0.0, record.state_before))
    panels = []
    for title, get in _QUANTITIES:
        known = [(at, value) for at, state in states if (value := get(state)) is not None]
        if not known:
            continue
        found = [
            Sample(at_s=at, value=value, tooltip=f"{title}: {value:.4g} after {at:.1f} s")
            for at, value in known
        ]
        axis = Axis(
            title=title, scale=Scale.around([sample.value for sample in found]), max_ticks=2
        )
        panels.append(Panel(y=axis, samples=found, joined=True))
    return panels


def _table(record: DeploymentRecord) -> Table:
    return table_of(
        [(format_variant(model), own) for model in record.models for own in model.rounds],
        [
            ("model", "variant", "text", lambda row: row[0]),
            ("round", "round", "count", lambda row: row[1].round + 1),
            ("median_ms", "median", "ms", lambda row: _middle(row[1])[0]),
            ("middle_half_ms", "middle half", "ms", lambda row: _middle(row[1])[1]),
            ("samples", "samples", "count", lambda row: len(row[1].samples_ns)),
            ("warmup", "warm-up", "count", lambda row: row[1].warmup),
            ("reference_ms", "reference operator", "ms", lambda row: row[1].reference_ms or None),
            ("disturbed", "disturbed", "text", lambda row: row[1].disturbed),
        ],
        title="Round by round",
        folded=True,
    )


def _middle(own: ModelRound) -> tuple[float, tuple[float, float]]:
    """Median and middle half, in milliseconds."""
    low, middle, high = (float(q) / 1e6 for q in np.quantile(own.samples_ns, [0.25, 0.5, 0.75]))
    return middle, (low, high)


def _sustained_chart(model: ModelRecord) -> Picture:
    windows = model.sustained
    factor, unit = latency_axis(window.p90_ms for window in windows)
    spans = [
        TimeSpan(
            start_s=window.start_s,
            end_s=window.end_s,
            low=factor * window.p50_ms,
            high=factor * window.p90_ms,
            tooltip=_window_tooltip(window),
        )
        for window in windows
    ]
    values = [value for span in spans for value in (span.low, span.high)]
    panels = [Panel(y=Axis(title=f"latency ({unit})", scale=Scale.around(values)), spans=spans)]
    is_hot = [(window.end_s, window.temperature_c) for window in windows]
    known = [(at, value) for at, value in is_hot if value is not None]
    if known:
        found = [
            Sample(at_s=at, value=value, tooltip=f"{value:.0f} \N{DEGREE SIGN}C after {at:.0f} s")
            for at, value in known
        ]
        scale = Scale.around([value for _, value in known])
        axis = Axis(title="temperature (\N{DEGREE SIGN}C)", scale=scale, max_ticks=2)
        panels.append(Panel(y=axis, samples=found, joined=True))
    return Picture(
        title=f"{format_variant(model)}, without a pause",
        says="Bars reach from the median of some seconds to what nine of ten samples are below.",
        chart=timeline(
            panels,
            title=f"{format_variant(model)}, without a pause",
            description=f"{len(windows)} windows over {windows[-1].end_s:.0f} s, from "
            f"{format_ms(windows[0].p50_ms)} to {format_ms(windows[-1].p50_ms)}.",
            x=Axis(
                title="since the start (s)",
                scale=Scale.around([0, windows[-1].end_s], zero=True, margin=0.02),
            ),
        ),
    )


def _window_tooltip(window: WindowRecord) -> str:
    return (
        f"{window.start_s:.0f} to {window.end_s:.0f} s: median and 9 of 10 below "
        f"{format_ms_interval((window.p50_ms, window.p90_ms))}, {window.samples:,} samples"
    )
