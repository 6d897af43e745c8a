"""Every way that was tried beside the others: precisions, threads, the baseline, the limit."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace

from edgeslim.reporting.charts import Axis, Key, Mark, Scale
from edgeslim.reporting.charts.intervals import Reading, intervals
from edgeslim.reporting.document import (
    Absent,
    Block,
    Cell,
    Column,
    Items,
    Picture,
    Section,
    Table,
    Text,
    Unit,
)
from edgeslim.reporting.evidence import Evidence, mark_of
from edgeslim.reporting.numbers import latency_axis, ms, ms_between, told_spread
from edgeslim.reporting.summary import told_prediction
from edgeslim.runs.deployment_records import DeploymentRecord, ModelRecord, Role

__all__ = ["told_way", "ways"]


def ways(evidence: Evidence) -> Section | None:
    """Predicted beside measured of every model and way of the newest deployment."""
    record = evidence.latest
    if record is None:
        return Section(
            key="latency",
            title="Latency on the device",
            blocks=[
                Absent(
                    what="Nothing of this run was measured with its spread on a device yet.",
                    command=f"edgeslim deploy {shlex.quote(str(evidence.path))}",
                )
            ],
        )
    blocks: list[Block] = [_picture(record), _table(record), _outputs(record)]
    methods = dict.fromkeys(each.method for each in record.speedups)
    blocks += [Text(text=f"How the ratio to the baseline is taken: {each}.") for each in methods]
    if record.gates:
        blocks.append(Items(title="Gates", items=[gate.line for gate in record.gates]))
    if record.failed:
        failed = [
            f"{each.name}, {each.precision.value}"
            f"{'' if each.threads is None else f' with {_threads(each.threads)}'}: {each.reason}"
            for each in record.failed
        ]
        blocks.append(Items(title="Asked for and not had", items=failed))
    if record.warnings:
        blocks.append(Items(title="Before you ship it", items=record.warnings))
    return Section(key="latency", title="Latency on the device", blocks=blocks)


def told_way(model: ModelRecord) -> str:
    """A model and how it ran, in words."""
    baseline = " (baseline)" if model.role is Role.BASELINE else ""
    return f"{model.name}{baseline}, {model.precision.value}, {_threads(model.threads)}"


def _row_name(told: str, model: ModelRecord) -> str:
    """What tells rows apart comes first: on a phone, the end of a long name has no room."""
    way = f"{model.precision.value}, {_threads(model.threads)}"
    role = "baseline " if model.role is Role.BASELINE else ""
    return f"{told}: {way}: {role}{model.name}"


def _threads(count: int) -> str:
    return f"{count} thread{'' if count == 1 else 's'}"


def _picture(record: DeploymentRecord) -> Picture:
    origin = told_prediction(record)
    rows, values = [], [each.target_ms for each in record.models if each.target_ms is not None]
    for model in record.models:
        if model.predicted_ms is not None:
            told = f"{origin.value} {ms(model.predicted_ms)}"
            rows.append(
                Reading(
                    name=_row_name(told, model),
                    value=model.predicted_ms,
                    mark=mark_of(origin),
                    told=f"{told_way(model)}: {told}{_interval(model.predicted_interval_ms)}",
                    interval=model.predicted_interval_ms,
                )
            )
        told = f"measured {ms(model.latency_ms)}"
        rows.append(
            Reading(
                name=_row_name(f"{told}{', fastest' if model.fastest else ''}", model),
                value=model.latency_ms,
                mark=Mark.MEASURED,
                told=f"{told_way(model)}: {told}{_interval(model.latency_interval_ms)}; "
                f"{told_spread(model.spread, model.samples)}",
                interval=model.latency_interval_ms,
            )
        )
    for row in rows:
        values += [row.value, *(row.interval or ())]
    factor, unit = latency_axis(values)
    scale = Scale.around([factor * each for each in values], zero=True)
    limits = sorted({each.target_ms for each in record.models if each.target_ms is not None})
    predicted = any(each.predicted_ms is not None for each in record.models)
    says = "Marks are medians, bars the intervals that they may be in"
    if limits:
        says += f"; the dashed line is the limit of {' and '.join(map(ms, limits))}"
    return Picture(
        title="Predicted beside measured",
        says=f"{says}.",
        chart=intervals(
            [_scaled(row, factor) for row in rows],
            title="Predicted beside measured",
            description="; ".join(row.name for row in rows),
            x=Axis(title=f"latency ({unit})", scale=scale),
            limits=[(factor * each, f"limit {ms(each)}") for each in limits],
            legend=[
                Key(mark=Mark.MEASURED.value, text="measured"),
                *(
                    [Key(mark=mark_of(origin).value, text=_origin_text(origin.value))]
                    if predicted
                    else []
                ),
                *([Key(mark="limit", text="limit")] if limits else []),
            ],
        ),
    )


def _origin_text(origin: str) -> str:
    return origin if origin == "predicted" else f"predicted from a table that is {origin}"


def _scaled(row: Reading, factor: float) -> Reading:
    interval = None
    if row.interval is not None:
        interval = (row.interval[0] * factor, row.interval[1] * factor)
    return Reading(
        name=row.name, value=row.value * factor, mark=row.mark, told=row.told, interval=interval
    )


def _interval(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f", {ms_between(interval)}"


_COLUMNS = (
    Column(key="model", name="model and way"),
    Column(key="predicted_ms", name="predicted", unit=Unit.MS),
    Column(key="predicted_interval_ms", name="90 % within", unit=Unit.MS),
    Column(key="measured_ms", name="measured", unit=Unit.MS),
    Column(key="measured_interval_ms", name="interval", unit=Unit.MS),
    Column(key="spread", name="spread, \N{PLUS-MINUS SIGN}", unit=Unit.SHARE),
    Column(key="samples", name="samples", unit=Unit.COUNT),
    Column(key="error", name="predicted too high", unit=Unit.CHANGE),
    Column(key="speedup", name="speed-up", unit=Unit.RATIO),
    Column(key="speedup_interval", name="interval", unit=Unit.RATIO),
    Column(key="target_ms", name="limit", unit=Unit.MS),
    Column(key="met", name="met"),
)

_FILES = (
    Column(key="model", name="model and way"),
    Column(key="size_bytes", name="file", unit=Unit.BYTES),
    Column(key="output_max_rel_error", name="outputs off, of the largest value", unit=Unit.NUMBER),
    Column(key="same_top1", name="same class first", unit=Unit.SHARE),
    Column(key="inputs", name="inputs compared", unit=Unit.COUNT),
    Column(key="kernels", name="kernels compute in"),
)


def _outputs(record: DeploymentRecord) -> Table:
    """How large files are, and how far what they compute is from what Paddle does."""
    rows: list[list[Cell]] = []
    for model in record.models:
        outputs = model.outputs
        rows.append(
            [
                told_way(model),
                model.size_bytes,
                None if outputs is None else outputs.max_rel,
                None if outputs is None else outputs.top1,
                None if outputs is None else outputs.inputs,
                ", ".join(model.kernels),
            ]
        )
    return _without_empty(_FILES, rows, title="Files, and their outputs beside Paddle's")


def _without_empty(columns: Sequence[Column], rows: list[list[Cell]], title: str) -> Table:
    kept = [place for place in range(len(columns)) if any(row[place] is not None for row in rows)]
    return Table(
        columns=[columns[place] for place in kept],
        rows=[[row[place] for place in kept] for row in rows],
        title=title,
        folded=len(rows) > 12,
    )


def _table(record: DeploymentRecord) -> Table:
    rows: list[list[Cell]] = []
    speedups = {each.model: each for each in record.speedups}
    for model in record.models:
        speedup = speedups.get(model.id)
        error = model.error_percent
        rows.append(
            [
                told_way(model),
                model.predicted_ms,
                model.predicted_interval_ms,
                model.latency_ms,
                model.latency_interval_ms,
                model.spread,
                model.samples,
                None if error is None else error / 100,
                None if speedup is None else speedup.ratio,
                None if speedup is None else speedup.interval,
                model.target_ms,
                model.met,
            ]
        )
    fastest = frozenset(index for index, each in enumerate(record.models) if each.fastest)
    return replace(_without_empty(_COLUMNS, rows, title="All of it in numbers"), marked=fastest)
