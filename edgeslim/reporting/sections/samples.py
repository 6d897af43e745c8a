"""Every sample over time, and what the device said of itself meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgeslim.latency_rows import ConditionsRow
from edgeslim.reporting.charts import DASHES, Axis, Key, Scale
from edgeslim.reporting.charts.timeline import Panel, Sample, Span, timeline
from edgeslim.reporting.document import Block, Column, Picture, Section, Table, Unit
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.numbers import latency_axis, ms, ms_between
from edgeslim.reporting.sections.ways import told_way
from edgeslim.runs.deployment_records import (
    DeploymentRecord,
    ModelRecord,
    ModelRound,
    RoundRecord,
    WindowRecord,
)

__all__ = ["samples"]

_MOST_SAMPLES = 1500
"""Of a chart: more are one dark band, and only cost room."""


def samples(evidence: Evidence) -> Section | None:
    """The newest deployment round by round, and its sustained runs."""
    record = evidence.latest
    if record is None or not record.rounds:
        return None
    blocks: list[Block] = [_rounds(record), _table(record)]
    blocks += [_sustained(model) for model in record.models if model.sustained]
    return Section(key="samples", title="Samples over time", blocks=blocks)


def _rounds(record: DeploymentRecord) -> Picture:
    factor, unit = latency_axis(each.latency_ms for each in record.models)
    total = sum(len(each.samples_ns) for model in record.models for each in model.rounds)
    thinning = max(1, -(-total // _MOST_SAMPLES))
    dots: list[Sample] = []
    spans: list[Span] = []
    by_number = {each.number: each for each in record.rounds}
    for place, model in enumerate(record.models):
        series = place % DASHES
        for own in model.rounds:
            when = _when(by_number.get(own.round), model.id)
            if when is None:
                continue
            values = factor * np.array(own.samples_ns) / 1e6
            low, middle, high = (float(q) for q in np.quantile(values, [0.25, 0.5, 0.75]))
            note = f"; disturbed: {own.disturbed}" if own.disturbed else ""
            told = (
                f"{told_way(model)}, round {own.round + 1}: median {middle:.4g} {unit}, middle "
                f"half {low:.4g} to {high:.4g}, {len(values)} samples{note}"
            )
            spans.append(
                Span(start_s=when[0], end_s=when[1], low=low, high=high, told=told, series=series)
            )
            times = np.linspace(*when, len(values) + 2)[1:-1]
            dots += [
                Sample(at_s=float(at), value=float(value), told=told, series=series)
                for at, value in list(zip(times, values, strict=True))[::thinning]
            ]
    drawn = [each.value for each in dots]
    latency = Panel(
        y=Axis(title=f"latency ({unit})", scale=_without_outliers(record, factor)),
        samples=dots,
        spans=spans,
    )
    outside = sum(not latency.y.scale.low <= value <= latency.y.scale.high for value in drawn)
    ends = [0.0, *(each.end_s for each in record.rounds)]
    says = "Every sample is a dot, bars are the middle half of a round. Models ran in turns; when "
    says += "a sample was taken within its turn was not recorded, so they are spread evenly."
    if thinning > 1:
        says += f" One of {thinning} of the {total:,} samples is drawn."
    if outside:
        says += f" {outside:,} are beyond the chart (the largest {ms(max(drawn) / factor)})."
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
                Key(mark=f"series-{place % DASHES}", text=told_way(model))
                for place, model in enumerate(record.models)
            ],
        ),
    )


def _without_outliers(record: DeploymentRecord, factor: float) -> Scale:
    """An axis for nine of ten samples of every model and some more.

    On a busy machine a few samples take a hundred times as long, and would flatten all others.
    """
    ends = []
    for model in record.models:
        own = np.concatenate([each.samples_ns for each in model.rounds]) * factor / 1e6
        low, middle, high = (float(each) for each in np.quantile(own, [0.0, 0.5, 0.9]))
        ends += [low, middle + 1.5 * (high - middle)]
    return Scale.around(ends)


def _when(turn: RoundRecord | None, model_id: str) -> tuple[float, float] | None:
    """About when a model ran in a round: its turn, if all turns were of one length."""
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
    """What the device said after each round, as far as it said anything."""
    states = [(each.end_s, each.state) for each in record.rounds if each.state is not None]
    if record.state_before is not None:
        states.insert(0, (0.0, record.state_before))
    panels = []
    for title, get in _QUANTITIES:
        known = [(at, value) for at, state in states if (value := get(state)) is not None]
        if not known:
            continue
        found = [
            Sample(at_s=at, value=value, told=f"{title}: {value:.4g} after {at:.1f} s")
            for at, value in known
        ]
        axis = Axis(title=title, scale=Scale.around([each.value for each in found]), ticks=2)
        panels.append(Panel(y=axis, samples=found, joined=True))
    return panels


def _table(record: DeploymentRecord) -> Table:
    return Table(
        columns=[
            Column(key="model", name="model and way"),
            Column(key="round", name="round", unit=Unit.COUNT),
            Column(key="median_ms", name="median", unit=Unit.MS),
            Column(key="middle_half_ms", name="middle half", unit=Unit.MS),
            Column(key="samples", name="samples", unit=Unit.COUNT),
            Column(key="warmup", name="warm-up", unit=Unit.COUNT),
            Column(key="reference_ms", name="reference operator", unit=Unit.MS),
            Column(key="disturbed", name="disturbed"),
        ],
        rows=[
            [
                told_way(model),
                own.round + 1,
                *_middle(own),
                len(own.samples_ns),
                own.warmup,
                own.reference_ms or None,
                own.disturbed,
            ]
            for model in record.models
            for own in model.rounds
        ],
        title="Round by round",
        folded=True,
    )


def _middle(own: ModelRound) -> tuple[float, tuple[float, float]]:
    """Median and middle half, in milliseconds."""
    low, middle, high = (float(q) / 1e6 for q in np.quantile(own.samples_ns, [0.25, 0.5, 0.75]))
    return middle, (low, high)


def _sustained(model: ModelRecord) -> Picture:
    windows = model.sustained
    factor, unit = latency_axis(each.p90_ms for each in windows)
    spans = [
        Span(
            start_s=each.start_s,
            end_s=each.end_s,
            low=factor * each.p50_ms,
            high=factor * each.p90_ms,
            told=_told(each),
        )
        for each in windows
    ]
    values = [value for each in spans for value in (each.low, each.high)]
    panels = [Panel(y=Axis(title=f"latency ({unit})", scale=Scale.around(values)), spans=spans)]
    hot = [(each.end_s, each.temperature_c) for each in windows]
    known = [(at, value) for at, value in hot if value is not None]
    if known:
        found = [
            Sample(at_s=at, value=value, told=f"{value:.0f} \N{DEGREE SIGN}C after {at:.0f} s")
            for at, value in known
        ]
        scale = Scale.around([value for _, value in known])
        axis = Axis(title="temperature (\N{DEGREE SIGN}C)", scale=scale, ticks=2)
        panels.append(Panel(y=axis, samples=found, joined=True))
    return Picture(
        title=f"{told_way(model)}, without a pause",
        says="Bars reach from the median of some seconds to what nine of ten samples are below.",
        chart=timeline(
            panels,
            title=f"{told_way(model)}, without a pause",
            description=f"{len(windows)} windows over {windows[-1].end_s:.0f} s, from "
            f"{ms(windows[0].p50_ms)} to {ms(windows[-1].p50_ms)}.",
            x=Axis(
                title="since the start (s)",
                scale=Scale.around([0, windows[-1].end_s], zero=True, margin=0.02),
            ),
        ),
    )


def _told(window: WindowRecord) -> str:
    return (
        f"{window.start_s:.0f} to {window.end_s:.0f} s: median and 9 of 10 below "
        f"{ms_between((window.p50_ms, window.p90_ms))}, {window.samples:,} samples"
    )
