"""Latency over channels of the operators that matter: where a channel costs, and where not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgeslim.opspec import OpSpec
from edgeslim.reporting.charts import Axis, Key, Mark, Scale
from edgeslim.reporting.charts.lines import Knot, Line, lines
from edgeslim.reporting.document import Absent, Block, Column, Picture, Section, Table, Text, Unit
from edgeslim.reporting.evidence import Evidence, KnownTable, mark_of
from edgeslim.reporting.interpolated import Interpolated, WidthCurves
from edgeslim.reporting.numbers import latency_axis, ms, ms_between, percent
from edgeslim.reporting.sections.operators import costliest
from edgeslim.tables.families import Family, Point, families, family_of

__all__ = ["stairs"]

_TITLE = "Latency over channels"
_MOST = 4
_LEAST_KNOTS = 3
_NARROWEST = 4
"""Of its width, what a convolution of the model is drawn down to: as far as it may be pruned."""
_SAID = (
    "A kernel computes channels in blocks, so that latency goes in stairs: just below an edge, "
    "channels that were taken away cost accuracy and save nothing. Marks were measured, each "
    "operator alone; the line between them is interpolated by the model that predicts networks, "
    "with grey bounds of 90 %."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stairs:
    """What is known of an operator at other widths than its own."""

    family: Family
    spec: OpSpec
    points: tuple[Point, ...]
    curve: Interpolated
    in_model: bool


def stairs(evidence: Evidence) -> Section | None:
    """A chart for each of the costliest convolutions; none without a table."""
    if not evidence.tables:
        absent = Absent(
            what="There is no latency table with this run.",
            command="edgeslim profile --device DEVICE --model MODEL --out TABLE",
        )
        return Section(key="stairs", title=_TITLE, blocks=[absent])
    known = evidence.tables[0]
    pictures = [_picture(each, known) for each in _that_matter(evidence, known)]
    if not pictures:
        absent = Absent(
            what=f"The table has no convolution at {_LEAST_KNOTS} widths or more.",
            command=f"edgeslim profile --space SPACE --out {known.table.path}",
        )
        return Section(key="stairs", title=_TITLE, blocks=[absent])
    return Section(key="stairs", title=_TITLE, blocks=list[Block]([Text(text=_SAID), *pictures]))


def _that_matter(evidence: Evidence, known: KnownTable) -> list[_Stairs]:
    """Those that take most of the model's time; without one, those measured at most widths."""
    found = {each.model: each for each in families(known.table)}
    curves: WidthCurves | None = None
    made: dict[tuple[OpSpec, int], _Stairs] = {}
    for spec, in_model in _candidates(evidence, known):
        family = found.get(family_of(spec))
        if family is None or len(made) == _MOST:
            continue
        c_in = _channels(spec)[0]
        depthwise = _is_depthwise(spec)
        key = (family.model, 0 if depthwise else c_in)
        points = tuple(each for each in family.points if depthwise or each.c_in == c_in)
        least = 1 if in_model else _LEAST_KNOTS
        if key in made or len({point.c_out for point in points}) < least:
            continue
        curves = curves or WidthCurves(known.table)
        own = _channels(spec)[1]
        ends = [*(point.c_out for point in points), own]
        curve = curves.over(spec, min(*ends, max(1, own // _NARROWEST)), max(ends))
        if curve is not None:
            made[key] = _Stairs(
                family=family, spec=spec, points=points, curve=curve, in_model=in_model
            )
    return list(made.values())


def _candidates(evidence: Evidence, known: KnownTable) -> Iterator[tuple[OpSpec, bool]]:
    """Operators of the model, the costliest first; then those of the table."""
    if evidence.subject is not None:
        yield from ((each.operator, True) for each in costliest(evidence.subject))
    for family in families(known.table):
        widest = sorted(family.lines.items(), key=lambda item: -len(item[1]))
        wanted = {point.c_in for _, line in widest[:1] for point in line[-1:]}
        members = [spec for spec in known.table if family_of(spec) == family.model]
        yield from ((each, False) for each in members if _channels(each)[0] in wanted)


def _channels(spec: OpSpec) -> tuple[int, int]:
    def second(shape: tuple[int, ...]) -> int:
        return shape[1] if len(shape) > 1 else 1

    return second(spec.input_shape), second(spec.output_shape)


def _is_depthwise(spec: OpSpec) -> bool:
    groups = spec.attributes.get("groups", 1)
    return groups != 1 and groups == _channels(spec)[0]


def _picture(each: _Stairs, known: KnownTable) -> Picture:
    family, points, curve = each.family, each.points, each.curve
    depthwise = _is_depthwise(each.spec)
    c_in, c_out = _channels(each.spec)
    tops = [
        value * (1 + 1.645 * error)
        for value, error in zip(curve.latencies_ms, curve.errors, strict=True)
    ]
    ends = [0.0, *tops, *(end for point in points for end in point.middle_half_ms)]
    factor, unit = latency_axis(ends)
    context, mark = known.table.context, mark_of(known.origin)
    here = next((point for point in points if point.c_out == c_out), None)
    name = family.name if depthwise else f"{family.name}, {c_in:,} channels in"
    legend = [Key(mark=mark.value, text=f"{known.origin.value} alone, {family.cache}")]
    knots = [_knot(point, factor, known) for point in points]
    if each.in_model:
        legend.append(Key(mark=Mark.CHOSEN.value, text="width in this model"))
        knots.append(_own(each, here, factor))
    knots.sort(key=lambda knot: knot.x)
    legend += [Key(mark="series-0", text="interpolated"), Key(mark="faint", text="90 %")]
    between = list(zip(curve.widths, [factor * ms for ms in curve.latencies_ms], strict=True))
    return Picture(
        title=name,
        says=f"{len(points):,} measured width{'' if len(points) == 1 else 's'} on "
        f"{context.device}, {context.execution}.",
        chart=lines(
            [
                *_bounds(curve, factor),
                Line(name="", knots=knots, between=between),
            ],
            title=f"Latency of {name} over channels",
            description=f"{len(points)} measured widths, from {ms(min(map(_ms, points)))} to "
            f"{ms(max(map(_ms, points)))}.",
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


def _bounds(curve: Interpolated, factor: float) -> list[Line]:
    """Where the interpolated latency may be."""
    return [
        Line(
            name="90 %",
            knots=(),
            between=[
                (width, max(0.0, factor * value * (1 + sign * 1.645 * error)))
                for width, value, error in zip(
                    curve.widths, curve.latencies_ms, curve.errors, strict=True
                )
            ],
            faint=True,
        )
        for sign in (-1, 1)
    ]


def _own(each: _Stairs, measured: Point | None, factor: float) -> Knot:
    """The width that the model has."""
    width = _channels(each.spec)[1]
    place = list(each.curve.widths).index(width)
    value, error = each.curve.latencies_ms[place], each.curve.errors[place]
    how = "measured alone" if measured is not None else f"interpolated, {percent(error)} error"
    return Knot(
        x=width,
        y=factor * value,
        told=f"{width} channels, as in this model: {ms(value)}, {how}",
        mark=Mark.CHOSEN,
    )


def _knot(point: Point, factor: float, known: KnownTable) -> Knot:
    measurement = point.measurement
    low, high = point.middle_half_ms
    steady = "" if measurement.stable else ", unsteady"
    return Knot(
        x=point.c_out,
        y=factor * measurement.latency_ms,
        told=f"{point.c_in} to {point.c_out} channels: {ms(measurement.latency_ms)}, middle half "
        f"{ms_between((low, high))}, {len(measurement.samples_ns)} samples{steady}",
        mark=mark_of(known.origin),
        interval=(factor * low, factor * high),
    )


def _ms(point: Point) -> float:
    return point.measurement.latency_ms


def _table(points: tuple[Point, ...]) -> Table:
    return Table(
        columns=[
            Column(key="channels_in", name="channels in", unit=Unit.COUNT),
            Column(key="channels_out", name="channels out", unit=Unit.COUNT),
            Column(key="latency_ms", name="latency", unit=Unit.MS),
            Column(key="middle_half_ms", name="middle half", unit=Unit.MS),
            Column(key="samples", name="samples", unit=Unit.COUNT),
        ],
        rows=[
            [
                point.c_in,
                point.c_out,
                _ms(point),
                point.middle_half_ms,
                len(point.measurement.samples_ns),
            ]
            for point in points
        ],
        title="The numbers",
        folded=True,
    )
