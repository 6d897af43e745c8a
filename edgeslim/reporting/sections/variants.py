"""The section that compares all variants of a model: precisions, threads, baseline and limit."""

from __future__ import annotations

import shlex

from edgeslim.counts import format_count
from edgeslim.deployment.engine_choice import engine_lines
from edgeslim.reporting.charts import Axis, Key, Mark, Scale
from edgeslim.reporting.charts.intervals import Reading, intervals
from edgeslim.reporting.document import (
    Absent,
    Block,
    Items,
    Picture,
    ReportSection,
    Table,
    Text,
    table_of,
)
from edgeslim.reporting.evidence import Evidence, Kind, mark_of
from edgeslim.reporting.number_format import (
    format_ms,
    format_ms_interval,
    format_spread,
    latency_axis,
)
from edgeslim.reporting.summary import prediction_origin
from edgeslim.runs.deployment_records import DeploymentRecord, ModelRecord, ModelRole

__all__ = ["format_variant", "variants"]


def _model_of(evidence: Evidence) -> str:
    """What is to be deployed: a run itself, or the model that was evaluated."""
    if evidence.kind is Kind.EVALUATIONS:
        return evidence.evaluations[-1].model_path
    return str(evidence.path)


def variants(evidence: Evidence) -> ReportSection | None:
    """Makes the section: predicted and measured latency of every variant."""
    record = evidence.latest
    if record is None:
        return ReportSection(
            key="latency",
            title="Latency on the device",
            blocks=[
                Absent(
                    what="This run was not measured on a device yet.",
                    command=f"edgeslim deploy {shlex.quote(_model_of(evidence))}",
                )
            ],
        )
    blocks: list[Block] = [_picture(record), _table(record), _outputs(record)]
    methods = dict.fromkeys(speedup.method for speedup in record.speedups)
    blocks += [
        Text(text=f"How the ratio to the baseline is taken: {method}.") for method in methods
    ]
    engines = engine_lines(record)
    if engines:
        blocks.append(Items(title="The fastest engine that is right", items=engines))
    if record.gates:
        blocks.append(Items(title="Gates", items=_gate_lines(record)))
    if record.failed:
        failed = [
            f"{failure.name}, {f'{failure.engine}, ' if failure.engine else ''}"
            f"{failure.precision.value}"
            f"{'' if failure.threads is None else f' with {_threads(failure.threads)}'}: "
            f"{failure.reason}"
            for failure in record.failed
        ]
        blocks.append(Items(title="Asked for, but not converted or run", items=failed))
    if record.warnings:
        blocks.append(Items(title="Before you ship it", items=record.warnings))
    return ReportSection(key="latency", title="Latency on the device", blocks=blocks)


def _gate_lines(record: DeploymentRecord) -> list[str]:
    return [f"{gate.outcome} {gate.asked}: {gate.line}" for gate in record.gates]


def format_variant(model: ModelRecord) -> str:
    """Writes a model with its engine, if there was a choice, its precision and threads."""
    baseline = " (baseline)" if model.role is ModelRole.BASELINE else ""
    engine = f", {model.engine} {model.engine_version}" if model.engine else ""
    return f"{model.name}{baseline}{engine}, {model.precision.value}, {_threads(model.threads)}"


def _row_name(label: str, model: ModelRecord) -> str:
    """Names a row; what differs comes first, since a phone cuts the end of a long name off."""
    engine = f"{model.engine}, " if model.engine else ""
    variant = f"{engine}{model.precision.value}, {_threads(model.threads)}"
    role = "baseline " if model.role is ModelRole.BASELINE else ""
    return f"{label}: {variant}: {role}{model.name}"


def _threads(count: int) -> str:
    return format_count(count, "thread")


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
    says = "Marks are medians, bars are their intervals"
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


def _outputs(record: DeploymentRecord) -> Table:
    """Sizes of files, and how far their outputs are from Paddle's."""
    return table_of(
        [(model, model.outputs) for model in record.models],
        [
            ("model", "variant", "text", lambda row: format_variant(row[0])),
            ("size_bytes", "file", "bytes", lambda row: row[0].size_bytes),
            (
                *("output_max_rel_error", "largest output error, relative", "number"),
                lambda row: row[1].max_rel if row[1] else None,
            ),
            ("same_top1", "same class first", "share", lambda row: row[1].top1 if row[1] else None),
            ("inputs", "inputs compared", "count", lambda row: row[1].inputs if row[1] else None),
            ("kernels", "number types of kernels", "text", lambda row: ", ".join(row[0].kernels)),
        ],
        title="Files, and their outputs beside Paddle's",
        folded=12,
        drop_empty=True,
    )


def _table(record: DeploymentRecord) -> Table:
    speedups = {speedup.model: speedup for speedup in record.speedups}
    return table_of(
        [(model, speedups.get(model.id)) for model in record.models],
        [
            ("model", "variant", "text", lambda row: format_variant(row[0])),
            ("predicted_ms", "predicted", "ms", lambda row: row[0].predicted_ms),
            (
                "predicted_interval_ms",
                "90 % within",
                "ms",
                lambda row: row[0].predicted_interval_ms,
            ),
            ("measured_ms", "measured", "ms", lambda row: row[0].latency_ms),
            ("measured_interval_ms", "interval", "ms", lambda row: row[0].latency_interval_ms),
            ("spread", "spread, \N{PLUS-MINUS SIGN}", "share", lambda row: row[0].spread),
            ("samples", "samples", "count", lambda row: row[0].samples),
            ("error", "prediction error", "change", lambda row: _error(row[0])),
            ("speedup", "speed-up", "ratio", lambda row: row[1].ratio if row[1] else None),
            (
                "speedup_interval",
                "interval",
                "ratio",
                lambda row: row[1].interval if row[1] else None,
            ),
            ("target_ms", "limit", "ms", lambda row: row[0].target_ms),
            ("met", "met", "text", lambda row: row[0].met),
        ],
        title="All of it in numbers",
        folded=12,
        marked=[index for index, model in enumerate(record.models) if model.fastest],
        drop_empty=True,
    )


def _error(model: ModelRecord) -> float | None:
    return None if model.error_percent is None else model.error_percent / 100
