"""The section about a compression: loss and metrics by epoch, and what its strategies did."""

from __future__ import annotations

from functools import partial

from edgeslim.reporting.charts import Axis, Scale
from edgeslim.reporting.charts.lines import ChartLine, Knot, lines
from edgeslim.reporting.document import (
    Block,
    Items,
    NumberUnit,
    Picture,
    RecordColumn,
    ReportSection,
    Table,
    table_of,
)
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.number_format import format_value
from edgeslim.runs.checkpoint import EpochRecord

__all__ = ["epochs"]


def epochs(evidence: Evidence) -> ReportSection | None:
    """Makes the section of a compression; None for other runs."""
    compression = evidence.compression
    if compression is None or not compression.history:
        return None
    history = compression.history
    blocks: list[Block] = []
    if any(record.metrics for record in history):
        blocks.append(_metrics(history))
    if any(record.loss is not None for record in history):
        blocks.append(_losses(history))
    events = [f"epoch {record.epoch}: {event}" for record in history for event in record.events]
    if events:
        blocks.append(Items(title="What strategies did", items=events))
    blocks.append(_table(history))
    if compression.notes:
        blocks.append(Items(title="Notes", items=compression.notes))
    return ReportSection(key="epochs", title="Compression, epoch by epoch", blocks=blocks)


def _metrics(history: tuple[EpochRecord, ...]) -> Picture:
    names = list(dict.fromkeys(name for record in history for name in record.metrics))
    series = [
        ChartLine(
            name=name,
            knots=[
                Knot(
                    x=record.epoch,
                    y=100 * record.metrics[name],
                    tooltip=f"epoch {record.epoch}: {name} "
                    f"{format_value(record.metrics[name], NumberUnit.SHARE)}"
                    f"{_events(record)}",
                )
                for record in history
                if name in record.metrics
            ],
        )
        for name in names
    ]
    first, last = series[0].knots[0], series[0].knots[-1]
    return Picture(
        title="Metrics",
        says="Of the network as it was saved after each epoch; one run, one seed.",
        chart=lines(
            series,
            title="Metrics over epochs",
            description=f"{names[0]} goes from {first.y:.1f} % to {last.y:.1f} %.",
            x=_axis(history),
            y=Axis(
                title="metric (%)",
                scale=Scale.around([knot.y for line in series for knot in line.knots]),
            ),
            height=200,
        ),
    )


def _losses(history: tuple[EpochRecord, ...]) -> Picture:
    trained = [(record, record.loss) for record in history if record.loss is not None]
    knots = [
        Knot(
            x=record.epoch,
            y=loss,
            tooltip=f"epoch {record.epoch}: loss {loss:.4f}{_events(record)}",
        )
        for record, loss in trained
    ]
    return Picture(
        title="Loss",
        says="Mean over the steps of an epoch.",
        chart=lines(
            [ChartLine(name="", knots=knots)],
            title="Loss over epochs",
            description=f"The loss goes from {knots[0].y:.4f} to {knots[-1].y:.4f}.",
            x=_axis(history),
            y=Axis(title="loss", scale=Scale.around([0, *(knot.y for knot in knots)], zero=True)),
            height=160,
        ),
    )


def _events(record: EpochRecord) -> str:
    return "".join(f"; {event}" for event in record.events)


def _axis(history: tuple[EpochRecord, ...]) -> Axis:
    places = [record.epoch for record in history]
    few = max(places) - min(places) < 6
    scale = Scale.around([*places, min(places) + 1])
    return Axis(title="epoch", scale=scale, max_ticks=5 if few else 6)


def _table(history: tuple[EpochRecord, ...]) -> Table:
    names = dict.fromkeys(name for record in history for name in record.metrics)
    metrics: list[RecordColumn[EpochRecord]] = [
        (f"metric_{name}", name, "share", partial(_metric, name=name)) for name in names
    ]
    return table_of(
        history,
        [
            ("epoch", "epoch", "count", lambda record: record.epoch),
            ("loss", "loss", "number", lambda record: record.loss),
            *metrics,
            ("learning_rate", "learning rate", "number", lambda record: record.learning_rate),
            ("parameters", "parameters", "count", lambda record: record.parameters),
            ("seconds", "took", "s", lambda record: record.seconds),
        ],
        title="All epochs",
        folded=12,
    )


def _metric(record: EpochRecord, name: str) -> float | None:
    return record.metrics.get(name)
