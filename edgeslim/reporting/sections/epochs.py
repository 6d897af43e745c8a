"""A compression: loss and metrics over its epochs, and what its strategies did."""

from __future__ import annotations

from edgeslim.reporting.charts import Axis, Scale
from edgeslim.reporting.charts.lines import Knot, Line, lines
from edgeslim.reporting.document import Block, Cell, Column, Items, Picture, Section, Table, Unit
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.numbers import shown
from edgeslim.runs.checkpoint import EpochRecord

__all__ = ["epochs"]


def epochs(evidence: Evidence) -> Section | None:
    """Nothing of what is no compression."""
    compression = evidence.compression
    if compression is None or not compression.history:
        return None
    history = compression.history
    blocks: list[Block] = []
    if any(each.metrics for each in history):
        blocks.append(_metrics(history))
    if any(each.loss is not None for each in history):
        blocks.append(_losses(history))
    events = [f"epoch {each.epoch}: {event}" for each in history for event in each.events]
    if events:
        blocks.append(Items(title="What strategies did", items=events))
    blocks.append(_table(history))
    if compression.notes:
        blocks.append(Items(title="Notes", items=compression.notes))
    return Section(key="epochs", title="Compression, epoch by epoch", blocks=blocks)


def _metrics(history: tuple[EpochRecord, ...]) -> Picture:
    names = list(dict.fromkeys(name for each in history for name in each.metrics))
    series = [
        Line(
            name=name,
            knots=[
                Knot(
                    x=each.epoch,
                    y=100 * each.metrics[name],
                    told=f"epoch {each.epoch}: {name} {shown(each.metrics[name], Unit.SHARE)}"
                    f"{_events(each)}",
                )
                for each in history
                if name in each.metrics
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
    trained = [(each, each.loss) for each in history if each.loss is not None]
    knots = [
        Knot(x=each.epoch, y=loss, told=f"epoch {each.epoch}: loss {loss:.4f}{_events(each)}")
        for each, loss in trained
    ]
    return Picture(
        title="Loss",
        says="Mean over the steps of an epoch.",
        chart=lines(
            [Line(name="", knots=knots)],
            title="Loss over epochs",
            description=f"The loss goes from {knots[0].y:.4f} to {knots[-1].y:.4f}.",
            x=_axis(history),
            y=Axis(title="loss", scale=Scale.around([0, *(each.y for each in knots)], zero=True)),
            height=160,
        ),
    )


def _events(each: EpochRecord) -> str:
    return "".join(f"; {event}" for event in each.events)


def _axis(history: tuple[EpochRecord, ...]) -> Axis:
    places = [each.epoch for each in history]
    few = max(places) - min(places) < 6
    scale = Scale.around([*places, min(places) + 1])
    return Axis(title="epoch", scale=scale, ticks=5 if few else 6)


def _table(history: tuple[EpochRecord, ...]) -> Table:
    names = list(dict.fromkeys(name for each in history for name in each.metrics))
    rows: list[list[Cell]] = [
        [
            each.epoch,
            each.loss,
            *(each.metrics.get(name) for name in names),
            each.learning_rate,
            each.parameters,
            each.seconds,
        ]
        for each in history
    ]
    return Table(
        columns=[
            Column(key="epoch", name="epoch", unit=Unit.COUNT),
            Column(key="loss", name="loss", unit=Unit.NUMBER),
            *(Column(key=f"metric_{name}", name=name, unit=Unit.SHARE) for name in names),
            Column(key="learning_rate", name="learning rate", unit=Unit.NUMBER),
            Column(key="parameters", name="parameters", unit=Unit.COUNT),
            Column(key="seconds", name="took", unit=Unit.S),
        ],
        rows=rows,
        title="All epochs",
        folded=len(rows) > 12,
    )
