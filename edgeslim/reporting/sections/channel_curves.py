"""The section that shows latency over channels of the costliest operators, as step functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgeslim.counts import format_count
from edgeslim.opspec import OpSpec
from edgeslim.prediction.family_model import NORMAL_90
from edgeslim.reporting.charts import Axis, Key, Mark, Scale
from edgeslim.reporting.charts.lines import ChartLine, Knot, lines
from edgeslim.reporting.document import (
    Absent,
    Block,
    Picture,
    ReportSection,
    Table,
    Text,
    table_of,
)
from edgeslim.reporting.evidence import Evidence, TableEvidence, mark_of
from edgeslim.reporting.number_format import (
    format_ms,
    format_ms_interval,
    format_percent,
    latency_axis,
)
from edgeslim.reporting.sections.operators import costliest
from edgeslim.reporting.width_curves import WidthCurve, WidthInterpolator
from edgeslim.tables.families import Family, Point, families, family_of

__all__ = ["channel_curves"]

_TITLE = "Latency over channels"
_MAX_CHARTS = 4
_MIN_WIDTHS = 3
"""Measured widths that an operator outside the model needs to be drawn."""
_NARROWEST = 4
"""Divisor of its width down to which a convolution is drawn, as far as it may be pruned."""
_EXPLANATION = (
    "A kernel computes channels in blocks, so latency is a step function of the width: just below "
    "a step, removed channels cost accuracy and save no time. Marks were measured, each operator "
    "alone; the line between them is interpolated by the model that predicts networks, with grey "
    "90 % bounds."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Curve:
    """An operator's latency over its width, measured and interpolated."""

    family: Family
    spec: OpSpec
    points: tuple[Point, ...]
    curve: WidthCurve
    in_model: bool


def channel_curves(evidence: Evidence) -> ReportSection | None:
    """Makes the section: a chart for each of the costliest convolutions."""
    if not evidence.tables:
        absent = Absent(
            what="There is no latency table with this run.",
            command="edgeslim profile --device DEVICE --model MODEL --out TABLE",
        )
        return ReportSection(key="stairs", title=_TITLE, blocks=[absent])
    known = evidence.tables[0]
    pictures = [_picture(shown, known) for shown in _costliest_curves(evidence, known)]
    if not pictures:
        absent = Absent(
            what=f"The table has no convolution at {_MIN_WIDTHS} widths or more.",
            command=f"edgeslim profile --space SPACE --out {known.table.path}",
        )
        return ReportSection(key="stairs", title=_TITLE, blocks=[absent])
    return ReportSection(
        key="stairs", title=_TITLE, blocks=list[Block]([Text(text=_EXPLANATION), *pictures])
    )


def _costliest_curves(evidence: Evidence, known: TableEvidence) -> list[_Curve]:
    """Operators that take most of the model's time; without a model, those at most widths."""
    found = {family.model: family for family in families(known.table)}
    curves: WidthInterpolator | None = None
    made: dict[tuple[OpSpec, int], _Curve] = {}
    for spec, in_model in _candidates(evidence, known):
        family = found.get(family_of(spec))
        if family is None or len(made) == _MAX_CHARTS:
            continue
        c_in = _channels(spec)[0]
        depthwise = _is_depthwise(spec)
        key = (family.model, 0 if depthwise else c_in)
        points = tuple(point for point in family.points if depthwise or point.c_in == c_in)
        least = 1 if in_model else _MIN_WIDTHS
        if key in made or len({point.c_out for point in points}) < least:
            continue
        curves = curves or WidthInterpolator(known.table)
        own = _channels(spec)[1]
        ends = [*(point.c_out for point in points), own]
        curve = curves.over(spec, min(*ends, max(1, own // _NARROWEST)), max(ends))
        if curve is not None:
            made[key] = _Curve(
                family=family, spec=spec, points=points, curve=curve, in_model=in_model
            )
    return list(made.values())


def _candidates(evidence: Evidence, known: TableEvidence) -> Iterator[tuple[OpSpec, bool]]:
    """Operators of the model, the costliest first, then those of the table; and which it is."""
    if evidence.subject is not None:
        yield from ((record.operator, True) for record in costliest(evidence.subject))
    for family in families(known.table):
        widest = sorted(family.lines.items(), key=lambda item: -len(item[1]))
        wanted = {point.c_in for _, line in widest[:1] for point in line[-1:]}
        members = [spec for spec in known.table if family_of(spec) == family.model]
        yield from ((spec, False) for spec in members if _channels(spec)[0] in wanted)


def _channels(spec: OpSpec) -> tuple[int, int]:
    def second(shape: tuple[int, ...]) -> int:
        return shape[1] if len(shape) > 1 else 1

    return second(spec.input_shape), second(spec.output_shape)


def _is_depthwise(spec: OpSpec) -> bool:
    groups = spec.attributes.get("groups", 1)
    return groups != 1 and groups == _channels(spec)[0]


def _picture(shown: _Curve, known: TableEvidence) -> Picture:
    family, points, curve = shown.family, shown.points, shown.curve
    depthwise = _is_depthwise(shown.spec)
    c_in, c_out = _channels(shown.spec)
    tops = [
        value * (1 + NORMAL_90 * error)
        for value, error in zip(curve.latencies_ms, curve.errors, strict=True)
    ]
    ends = [0.0, *tops, *(end for point in points for end in point.middle_half_ms)]
    factor, unit = latency_axis(ends)
    context, mark = known.table.context, mark_of(known.origin)
    here = next((point for point in points if point.c_out == c_out), None)
    name = family.name if depthwise else f"{family.name}, {c_in:,} channels in"
    legend = [Key(mark=mark.value, text=f"{known.origin.value} alone, {family.cache}")]
    knots = [_knot(point, factor, known) for point in points]
    if shown.in_model:
        legend.append(Key(mark=Mark.CHOSEN.value, text="width in this model"))
        knots.append(_model_knot(shown, here, factor))
    knots.sort(key=lambda knot: knot.x)
    legend += [Key(mark="series-0", text="interpolated"), Key(mark="faint", text="90 %")]
    between = list(
        zip(curve.widths, [factor * latency_ms for latency_ms in curve.latencies_ms], strict=True)
    )
    return Picture(
        title=name,
        says=f"{format_count(len(points), 'measured width')} on "
        f"{context.device}, {context.execution_text}.",
        chart=lines(
            [
                *_bounds(curve, factor),
                ChartLine(name="", knots=knots, between=between),
            ],
            title=f"Latency of {name} over channels",
            description=f"{len(points)} measured widths, from "
            f"{format_ms(min(map(_ms, points)))} to "
            f"{format_ms(max(map(_ms, points)))}.",
            x=Axis(
                title="channels" if depthwise else "output channels",
                scale=Scale.around([0, *curve.widths], zero=True),
            ),
            y=Axis(
                title=f"latency ({unit})",
                scale=Scale.around([factor * end for end in ends], zero=True),
            ),
            legend=legend,
            height=220,
        ),
        table=_table(points),
    )


def _bounds(curve: WidthCurve, factor: float) -> list[ChartLine]:
    """Lines at both ends of the 90 % interval of the interpolated latency."""
    return [
        ChartLine(
            name="90 %",
            knots=(),
            between=[
                (width, max(0.0, factor * value * (1 + sign * NORMAL_90 * error)))
                for width, value, error in zip(
                    curve.widths, curve.latencies_ms, curve.errors, strict=True
                )
            ],
            faint=True,
        )
        for sign in (-1, 1)
    ]


def _model_knot(shown: _Curve, measured: Point | None, factor: float) -> Knot:
    """Marks the width that the operator has in the model."""
    width = _channels(shown.spec)[1]
    place = list(shown.curve.widths).index(width)
    value, error = shown.curve.latencies_ms[place], shown.curve.errors[place]
    how = (
        "measured alone" if measured is not None else f"interpolated, {format_percent(error)} error"
    )
    return Knot(
        x=width,
        y=factor * value,
        tooltip=f"{width} channels, as in this model: {format_ms(value)}, {how}",
        mark=Mark.CHOSEN,
    )


def _knot(point: Point, factor: float, known: TableEvidence) -> Knot:
    measurement = point.measurement
    low, high = point.middle_half_ms
    steady = "" if measurement.is_stable else ", unsteady"
    return Knot(
        x=point.c_out,
        y=factor * measurement.latency_ms,
        tooltip=f"{point.c_in} to {point.c_out} channels: {format_ms(measurement.latency_ms)}, "
        f"middle half {format_ms_interval((low, high))}, {len(measurement.samples_ns)} "
        f"samples{steady}",
        mark=mark_of(known.origin),
        interval=(factor * low, factor * high),
    )


def _ms(point: Point) -> float:
    return point.measurement.latency_ms


def _table(points: tuple[Point, ...]) -> Table:
    return table_of(
        points,
        [
            ("channels_in", "channels in", "count", lambda point: point.c_in),
            ("channels_out", "channels out", "count", lambda point: point.c_out),
            ("latency_ms", "latency", "ms", _ms),
            ("middle_half_ms", "middle half", "ms", lambda point: point.middle_half_ms),
            ("samples", "samples", "count", lambda point: len(point.measurement.samples_ns)),
        ],
        title="The numbers",
        folded=True,
    )
