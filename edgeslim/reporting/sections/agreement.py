"""Predicted against measured, for every network that was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeslim.reporting.charts import Axis, Key, Mark, Scale
from edgeslim.reporting.charts.scatter import Band, Point, scatter
from edgeslim.reporting.document import (
    Absent,
    Block,
    Column,
    Origin,
    Picture,
    Section,
    Table,
    Text,
    Unit,
)
from edgeslim.reporting.evidence import Evidence, KnownTable, mark_of
from edgeslim.reporting.numbers import latency_axis, ms, percent, shown
from edgeslim.reporting.sections.ways import told_way
from edgeslim.reporting.summary import told_table

__all__ = ["Pair", "agreement", "pairs"]

_DEPLOYED = "deployed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A network, predicted and measured.

    Args:
        name: What it is called.
        what: Where the numbers are from.
        predicted_ms, measured_ms: The numbers.
        origin: How the table behind the prediction was got.
        predicted_interval_ms, measured_interval_ms: Where they may be.
    """

    name: str
    what: str
    predicted_ms: float
    measured_ms: float
    origin: Origin = Origin.MEASURED
    predicted_interval_ms: tuple[float, float] | None = None
    measured_interval_ms: tuple[float, float] | None = None

    @property
    def error(self) -> float:
        """How much the prediction is above the measurement, as a share of the latter."""
        return self.predicted_ms / self.measured_ms - 1


def agreement(evidence: Evidence) -> Section | None:
    """A chart and the errors of all networks."""
    found = pairs(evidence)
    title = "Predicted against measured"
    if not found:
        absent = Absent(
            what="No network of this run was both predicted and measured.",
            command=f"edgeslim deploy {evidence.path} --table TABLE",
        )
        return Section(key="agreement", title=title, blocks=[absent])
    blocks: list[Block] = [Text(text=_sentence(found)), _picture(found)]
    return Section(key="agreement", title=title, blocks=blocks)


def pairs(evidence: Evidence) -> list[Pair]:
    """Every network that was predicted and measured, by deployments, the search and tables."""
    deployed = [
        Pair(
            name=told_way(model),
            what=f"{_DEPLOYED} {shown(record.created, Unit.MOMENT)}",
            predicted_ms=model.predicted_ms,
            measured_ms=model.latency_ms,
            origin=told_table(record),
            predicted_interval_ms=model.predicted_interval_ms,
            measured_interval_ms=model.latency_interval_ms,
        )
        for record in evidence.deployments
        for model in record.models
        if model.predicted_ms is not None
    ]
    of_tables = [pair for known in evidence.tables for pair in _networks(known)]
    return [*deployed, *_candidates(evidence), *of_tables]


def _candidates(evidence: Evidence) -> list[Pair]:
    result = evidence.result
    if result is None:
        return []
    return [
        Pair(
            name=f"candidate {each.number}: {','.join(map(str, each.tokens))}",
            what="measured by the search, predicted when it was proposed",
            predicted_ms=predicted,
            measured_ms=measured,
            origin=known.origin if known is not None else Origin.MEASURED,
        )
        for each in result.measured
        for predicted, measured, known in zip(
            each.predicted_ms, each.measured_ms, _for_each(evidence, each.measured_ms), strict=True
        )
        if measured is not None
    ]


def _for_each(evidence: Evidence, measured: Sequence[float | None]) -> list[KnownTable | None]:
    """The table of each device, as far as there are tables."""
    tables = list[KnownTable | None](evidence.tables[: len(measured)])
    return tables + [None] * (len(measured) - len(tables))


def _networks(known: KnownTable) -> list[Pair]:
    """Networks of a table, each predicted by a fit on the others."""
    table = known.table
    if not table.networks:
        return []
    measured = table.network_latencies_ms()
    residuals = known.predictor.calibration.residuals
    return [
        Pair(
            name=name,
            what="of the table, predicted by a fit on its other networks",
            predicted_ms=measured[name] * (1 + residual),
            measured_ms=measured[name],
            origin=known.origin,
        )
        for name, residual in residuals.items()
    ]


def _sentence(found: Sequence[Pair]) -> str:
    errors = np.array([each.error for each in found])
    sizes = np.abs(errors)
    if len(found) == 1:
        return f"One network was measured; its prediction is off by {_signed(errors[0])}."
    worst = found[int(np.argmax(sizes))]
    low, middle, high = (percent(float(each)) for each in np.quantile(sizes, [0.25, 0.5, 0.75]))
    near, nearer = (percent(float(np.mean(sizes <= each)), 0) for each in (0.1, 0.05))
    return (
        f"Over {len(found):,} networks the median error is {middle} (middle half {low} to {high}); "
        f"{nearer} are within {percent(0.05, 0)}, {near} within {percent(0.1, 0)}. "
        f"The worst is {worst.name}, off by {_signed(worst.error)}."
    )


def _signed(error: float) -> str:
    return shown(float(error), Unit.CHANGE)


def _picture(found: Sequence[Pair]) -> Picture:
    values = [each for pair in found for each in (pair.predicted_ms, pair.measured_ms)]
    factor, unit = latency_axis(values)
    log = max(values) / min(values) > 6
    scale = Scale.around([factor * each for each in values], log=log)
    points = [
        Point(
            x=factor * pair.predicted_ms,
            y=factor * pair.measured_ms,
            mark=Mark.CHOSEN if pair.what.startswith(_DEPLOYED) else mark_of(pair.origin),
            told=f"{pair.name}: predicted {ms(pair.predicted_ms)}, measured "
            f"{ms(pair.measured_ms)} ({_signed(pair.error)}); {pair.what}",
            x_interval=_scaled(pair.predicted_interval_ms, factor),
            y_interval=_scaled(pair.measured_interval_ms, factor),
        )
        for pair in reversed(found)  # what was deployed is painted last
    ]
    marks = {point.mark for point in points}
    legend = [
        *([Key(mark=Mark.CHOSEN.value, text="deployed")] if Mark.CHOSEN in marks else []),
        *(
            Key(mark=mark.value, text=text)
            for mark, text in (
                (Mark.MEASURED, "network of the table, or measured by the search"),
                (Mark.SIMULATED, "predicted from a simulated table"),
                (Mark.IMPORTED, "predicted from an imported table"),
            )
            if mark in marks
        ),
        Key(mark="band-2", text="within 5 %"),
        Key(mark="band", text="within 10 %"),
    ]
    says = "On the line the prediction is exact; above it, the device was slower than predicted."
    return Picture(
        title="Every measured network",
        says=says,
        chart=scatter(
            points,
            title="Predicted against measured latency",
            description=f"{len(found)} networks. {_sentence(found)}",
            x=Axis(title=f"predicted ({unit})", scale=scale),
            y=Axis(title=f"measured ({unit})", scale=scale),
            bands=(Band(share=0.10, kind="band"), Band(share=0.05, kind="band-2")),
            legend=legend,
        ),
        table=_table(found),
    )


def _scaled(interval: tuple[float, float] | None, factor: float) -> tuple[float, float] | None:
    return None if interval is None else (factor * interval[0], factor * interval[1])


def _table(found: Sequence[Pair]) -> Table:
    worst_first = sorted(found, key=lambda each: -abs(each.error))
    return Table(
        columns=[
            Column(key="network", name="network"),
            Column(key="predicted_ms", name="predicted", unit=Unit.MS),
            Column(key="measured_ms", name="measured", unit=Unit.MS),
            Column(key="error", name="predicted too high", unit=Unit.CHANGE),
            Column(key="table", name="table"),
            Column(key="from", name="where from"),
        ],
        rows=[
            [
                each.name,
                each.predicted_ms,
                each.measured_ms,
                each.error,
                each.origin.value,
                each.what,
            ]
            for each in worst_first
        ],
        title="The numbers, the worst first",
        folded=True,
    )
