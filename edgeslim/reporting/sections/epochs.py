"""The section about a compression: loss and metrics by epoch, and what its strategies did."""

from __future__ import annotations

from edgeslim.reporting.charts import Axis, Scale
from edgeslim.reporting.charts.lines import ChartLine, Knot, lines
from edgeslim.reporting.document import (
    Block,
    Cell,
    Column,
    Items,
    NumberUnit,
    Picture,
    ReportSection,
    Table,
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
    names = list(dict.fromkeys(name for record in history for name in record.metrics))
    rows: list[list[Cell]] = [
        [
            record.epoch,
            record.loss,
            *(record.metrics.get(name) for name in names),
            record.learning_rate,
            record.parameters,
            record.seconds,
        ]
        for record in history
    ]
    return Table(
        columns=[
            Column(key="epoch", name="epoch", unit=NumberUnit.COUNT),
            Column(key="loss", name="loss", unit=NumberUnit.NUMBER),
            *(Column(key=f"metric_{name}", name=name, unit=NumberUnit.SHARE) for name in names),
            Column(key="learning_rate", name="learning rate", unit=NumberUnit.NUMBER),
            Column(key="parameters", name="parameters", unit=NumberUnit.COUNT),
            Column(key="seconds", name="took", unit=NumberUnit.S),
        ],
        rows=rows,
        title="All epochs",
        folded=len(rows) > 12,
    )
