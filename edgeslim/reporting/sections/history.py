"""The section about all deployments of a run: latencies over time, devices and versions."""

from __future__ import annotations

import shlex
from datetime import datetime, timezone

from edgeslim.counts import format_count
from edgeslim.reporting.charts import Axis, Key, Mark, Scale, Tick
from edgeslim.reporting.charts.lines import ChartLine, Knot, lines
from edgeslim.reporting.document import (
    Absent,
    Block,
    NumberUnit,
    Picture,
    ReportSection,
    Table,
    Text,
    table_of,
)
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.number_format import (
    format_ms,
    format_ms_interval,
    format_spread,
    format_value,
    latency_axis,
)
from edgeslim.reporting.sections.variants import format_variant
from edgeslim.runs.deployment_records import DeploymentRecord, ModelRecord

__all__ = ["history", "whole_history"]

_TITLE = "History"
_MOST_TICKS = 4


def history(evidence: Evidence) -> ReportSection | None:
    """Makes the section; None unless there is more than one deployment."""
    return whole_history(evidence) if len(evidence.deployments) > 1 else None


def whole_history(evidence: Evidence) -> ReportSection:
    """Makes the section, also of one deployment or of none."""
    records = evidence.deployments
    if not records:
        absent = Absent(
            what="This run was not deployed yet.",
            command=f"edgeslim deploy {shlex.quote(str(evidence.path))}",
        )
        return ReportSection(key="history", title=_TITLE, blocks=[absent])
    blocks: list[Block] = [Text(text=_sentence(records)), _picture(records), _table(records)]
    return ReportSection(key="history", title=_TITLE, blocks=blocks)


def _sentence(records: tuple[DeploymentRecord, ...]) -> str:
    devices = list(dict.fromkeys(record.device.name for record in records))
    versions = list(dict.fromkeys(record.versions.library for record in records))
    return (
        f"{format_count(len(records), 'deployment')} from "
        f"{format_value(records[0].created, NumberUnit.MOMENT)} to "
        f"{format_value(records[-1].created, NumberUnit.MOMENT)} UTC, on {', '.join(devices)}, "
        f"with Paddle-Lite {', '.join(versions)}. Whether two of them differ by more than the "
        "noise of a day, edgeslim report --compare says."
    )


def _moment(record: DeploymentRecord) -> float:
    """Seconds since 1970; 0 if the record's time cannot be read."""
    try:
        found = datetime.fromisoformat(record.created)
    except ValueError:
        return 0.0
    return found.replace(tzinfo=found.tzinfo or timezone.utc).timestamp()


def _picture(records: tuple[DeploymentRecord, ...]) -> Picture:
    models = [(record, model) for record in records for model in record.models]
    factor, unit = latency_axis(model.latency_ms for _, model in models)
    # By their number where they are of different days: what is far apart says nothing here.
    knots: dict[str, list[Knot]] = {}
    ends = [0.0]
    for number, record in enumerate(records, 1):
        for model in record.models:
            name = f"{format_variant(model)} on {record.device.name}"
            knot = _knot(number, record, model, factor)
            knots.setdefault(name, []).append(knot)
            ends += [knot.y, *(knot.interval or ())]
    limits = {model.target_ms for _, model in models if model.target_ms is not None}
    return Picture(
        title="Latency of each deployment",
        says="Marks are medians, bars are their intervals; versions are in the table below.",
        chart=lines(
            [ChartLine(name=name, knots=own_knots) for name, own_knots in knots.items()],
            title="Latency over deployments",
            description=f"{len(models)} models in {len(records)} deployments, from "
            f"{format_ms(min(model.latency_ms for _, model in models))} to "
            f"{format_ms(max(model.latency_ms for _, model in models))}.",
            x=Axis(
                title="deployment (UTC)",
                scale=Scale(low=0.5, high=len(records) + 0.5),
                named_ticks=_days(records),
            ),
            y=Axis(
                title=f"latency ({unit})",
                scale=Scale.around([*ends, *(factor * limit for limit in limits)], zero=True),
            ),
            limits=[(factor * limit, f"limit {format_ms(limit)}") for limit in sorted(limits)],
            legend=[Key(mark="limit", text="limit")] if limits else [],
        ),
    )


def _knot(number: int, record: DeploymentRecord, model: ModelRecord, factor: float) -> Knot:
    interval = model.latency_interval_ms
    interval_text = "" if interval is None else f" ({format_ms_interval(interval)})"
    return Knot(
        x=number,
        y=factor * model.latency_ms,
        tooltip=f"{format_value(record.created, NumberUnit.MOMENT)}: {format_variant(model)}: "
        f"{format_ms(model.latency_ms)}"
        f"{interval_text}; {format_spread(model.spread, model.samples)}; edgeslim "
        f"{record.versions.edgeslim}, "
        f"Paddle-Lite {record.versions.library}",
        mark=Mark.MEASURED,
        interval=None if interval is None else (factor * interval[0], factor * interval[1]),
    )


def _days(records: tuple[DeploymentRecord, ...]) -> tuple[Tick, ...]:
    """Ticks for some of the deployments, labelled with the day, or the time within one day."""
    moments = [_moment(record) for record in records]
    same_day = max(moments) - min(moments) < 86_400
    step = max(1, -(-len(records) // _MOST_TICKS))
    pattern = "%H:%M" if same_day else "%m-%d"
    return tuple(
        Tick(
            value=number,
            label=datetime.fromtimestamp(moments[number - 1], timezone.utc).strftime(pattern),
        )
        for number in range(1, len(records) + 1, step)
    )


def _table(records: tuple[DeploymentRecord, ...]) -> Table:
    spread = "spread of samples, \N{PLUS-MINUS SIGN}"
    return table_of(
        [(record, model) for record in records for model in record.models],
        [
            ("created", "when (UTC)", "moment", lambda row: row[0].created),
            ("model", "variant", "text", lambda row: format_variant(row[1])),
            ("device", "device", "text", lambda row: row[0].device.name),
            ("measured_ms", "measured", "ms", lambda row: row[1].latency_ms),
            ("measured_interval_ms", "interval", "ms", lambda row: row[1].latency_interval_ms),
            ("spread", spread, "share", lambda row: row[1].spread),
            ("samples", "samples", "count", lambda row: row[1].samples),
            ("speedup", "times as fast", "ratio", lambda row: _speedup(*row)),
            ("predicted_ms", "predicted", "ms", lambda row: row[1].predicted_ms),
            ("met", "limit met", "text", lambda row: row[1].met),
            ("versions", "edgeslim / Paddle-Lite / Paddle", "text", lambda row: _versions(row[0])),
            ("table", "table", "text", lambda row: row[0].table.digest if row[0].table else ""),
            ("sha256", "file", "text", lambda row: row[1].sha256[:12]),
        ],
        title="All deployments",
        folded=24,
    )


def _speedup(record: DeploymentRecord, model: ModelRecord) -> float | None:
    return next((found.ratio for found in record.speedups if found.model == model.id), None)


def _versions(record: DeploymentRecord) -> str:
    versions = record.versions
    return f"{versions.edgeslim} / {versions.library} / {versions.paddlepaddle}"
