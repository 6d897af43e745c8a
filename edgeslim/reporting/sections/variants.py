"""The section that compares all variants of a model: precisions, threads, baseline and limit."""

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
    NumberUnit,
    Picture,
    ReportSection,
    Table,
    Text,
)
from edgeslim.reporting.evidence import Evidence, mark_of
from edgeslim.reporting.number_format import (
    format_ms,
    format_ms_interval,
    format_spread,
    latency_axis,
)
from edgeslim.reporting.summary import prediction_origin
from edgeslim.runs.deployment_records import DeploymentRecord, ModelRecord, ModelRole

__all__ = ["format_variant", "variants"]


def variants(evidence: Evidence) -> ReportSection | None:
    """Makes the section: predicted and measured latency of every variant."""
    record = evidence.latest
    if record is None:
        return ReportSection(
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
    methods = dict.fromkeys(speedup.method for speedup in record.speedups)
    blocks += [
        Text(text=f"How the ratio to the baseline is taken: {method}.") for method in methods
    ]
    if record.gates:
        blocks.append(Items(title="Gates", items=[gate.line for gate in record.gates]))
    if record.failed:
        failed = [
            f"{failure.name}, {failure.precision.value}"
            f"{'' if failure.threads is None else f' with {_threads(failure.threads)}'}: "
            f"{failure.reason}"
            for failure in record.failed
        ]
        blocks.append(Items(title="Asked for and not had", items=failed))
    if record.warnings:
        blocks.append(Items(title="Before you ship it", items=record.warnings))
    return ReportSection(key="latency", title="Latency on the device", blocks=blocks)


def format_variant(model: ModelRecord) -> str:
    """Writes a model with its precision and number of threads."""
    baseline = " (baseline)" if model.role is ModelRole.BASELINE else ""
    return f"{model.name}{baseline}, {model.precision.value}, {_threads(model.threads)}"


def _row_name(label: str, model: ModelRecord) -> str:
    """Names a row; what differs comes first, since a phone cuts the end of a long name off."""
    variant = f"{model.precision.value}, {_threads(model.threads)}"
    role = "baseline " if model.role is ModelRole.BASELINE else ""
    return f"{label}: {variant}: {role}{model.name}"


def _threads(count: int) -> str:
    return f"{count} thread{'' if count == 1 else 's'}"


def _picture(record: DeploymentRecord) -> Picture:
    origin = prediction_origin(record)
    rows, values = [], [model.target_ms for model in record.models if model.target_ms is not None]
    for model in record.models:
        if model.predicted_ms is not None:
            label = f"{origin.value} {format_ms(model.predicted_ms)}"
            rows.append(
                Reading(
                    name=_row_name(label, model),
                    value=model.predicted_ms,
                    mark=mark_of(origin),
                    tooltip=f"{format_variant(model)}: "
                    f"{label}{_interval(model.predicted_interval_ms)}",
                    interval=model.predicted_interval_ms,
                )
            )
        label = f"measured {format_ms(model.latency_ms)}"
        rows.append(
            Reading(
                name=_row_name(f"{label}{', fastest' if model.fastest else ''}", model),
                value=model.latency_ms,
                mark=Mark.MEASURED,
                tooltip=f"{format_variant(model)}: {label}{_interval(model.latency_interval_ms)}; "
                f"{format_spread(model.spread, model.samples)}",
                interval=model.latency_interval_ms,
            )
        )
    for row in rows:
        values += [row.value, *(row.interval or ())]
    factor, unit = latency_axis(values)
    scale = Scale.around([factor * value for value in values], zero=True)
    limits = sorted({model.target_ms for model in record.models if model.target_ms is not None})
    predicted = any(model.predicted_ms is not None for model in record.models)
    says = "Marks are medians, bars the intervals that they may be in"
    if limits:
        says += f"; the dashed line is the limit of {' and '.join(map(format_ms, limits))}"
    return Picture(
        title="Predicted beside measured",
        says=f"{says}.",
        chart=intervals(
            [_scale_reading(row, factor) for row in rows],
            title="Predicted beside measured",
            description="; ".join(row.name for row in rows),
            x=Axis(title=f"latency ({unit})", scale=scale),
            limits=[(factor * limit, f"limit {format_ms(limit)}") for limit in limits],
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


def _scale_reading(row: Reading, factor: float) -> Reading:
    interval = None
    if row.interval is not None:
        interval = (row.interval[0] * factor, row.interval[1] * factor)
    return Reading(
        name=row.name,
        value=row.value * factor,
        mark=row.mark,
        tooltip=row.tooltip,
        interval=interval,
    )


def _interval(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f", {format_ms_interval(interval)}"


_COLUMNS = (
    Column(key="model", name="model and way"),
    Column(key="predicted_ms", name="predicted", unit=NumberUnit.MS),
    Column(key="predicted_interval_ms", name="90 % within", unit=NumberUnit.MS),
    Column(key="measured_ms", name="measured", unit=NumberUnit.MS),
    Column(key="measured_interval_ms", name="interval", unit=NumberUnit.MS),
    Column(key="spread", name="spread, \N{PLUS-MINUS SIGN}", unit=NumberUnit.SHARE),
    Column(key="samples", name="samples", unit=NumberUnit.COUNT),
    Column(key="error", name="predicted too high", unit=NumberUnit.CHANGE),
    Column(key="speedup", name="speed-up", unit=NumberUnit.RATIO),
    Column(key="speedup_interval", name="interval", unit=NumberUnit.RATIO),
    Column(key="target_ms", name="limit", unit=NumberUnit.MS),
    Column(key="met", name="met"),
)

_FILES = (
    Column(key="model", name="model and way"),
    Column(key="size_bytes", name="file", unit=NumberUnit.BYTES),
    Column(
        key="output_max_rel_error", name="outputs off, of the largest value", unit=NumberUnit.NUMBER
    ),
    Column(key="same_top1", name="same class first", unit=NumberUnit.SHARE),
    Column(key="inputs", name="inputs compared", unit=NumberUnit.COUNT),
    Column(key="kernels", name="kernels compute in"),
)


def _outputs(record: DeploymentRecord) -> Table:
    """Sizes of files, and how far their outputs are from Paddle's."""
    rows: list[list[Cell]] = []
    for model in record.models:
        outputs = model.outputs
        rows.append(
            [
                format_variant(model),
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
    speedups = {speedup.model: speedup for speedup in record.speedups}
    for model in record.models:
        speedup = speedups.get(model.id)
        error = model.error_percent
        rows.append(
            [
                format_variant(model),
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
    fastest = frozenset(index for index, model in enumerate(record.models) if model.fastest)
    return replace(_without_empty(_COLUMNS, rows, title="All of it in numbers"), marked=fastest)
