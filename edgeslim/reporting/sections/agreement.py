"""The section that compares predicted with measured latency, for every measured network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeslim.reporting.charts import Axis, Key, Mark, Scale
from edgeslim.reporting.charts.scatter import Band, ScatterPoint, scatter
from edgeslim.reporting.document import (
    Absent,
    Block,
    NumberOrigin,
    NumberUnit,
    Picture,
    ReportSection,
    Table,
    Text,
    table_of,
)
from edgeslim.reporting.evidence import Evidence, TableEvidence, mark_of
from edgeslim.reporting.number_format import format_ms, format_percent, format_value, latency_axis
from edgeslim.reporting.sections.variants import format_variant
from edgeslim.reporting.summary import table_origin

__all__ = ["Pair", "agreement", "pairs"]

_DEPLOYED = "deployed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A network whose latency was both predicted and measured.

    Args:
        name: Name of the network, with its variant.
        what: What the numbers were taken from.
        predicted_ms, measured_ms: Its latency.
        origin: Where the numbers of the table behind the prediction come from.
        predicted_interval_ms, measured_interval_ms: Intervals of its latency, if known.
    """

    name: str
    what: str
    predicted_ms: float
    measured_ms: float
    origin: NumberOrigin = NumberOrigin.MEASURED
    predicted_interval_ms: tuple[float, float] | None = None
    measured_interval_ms: tuple[float, float] | None = None

    @property
    def error(self) -> float:
        """How far the prediction is above the measurement, as a share of the measurement."""
        return self.predicted_ms / self.measured_ms - 1


def agreement(evidence: Evidence) -> ReportSection | None:
    """Makes the section: a chart, and the errors of all networks."""
    found = pairs(evidence)
    title = "Predicted against measured"
    if not found:
        absent = Absent(
            what="No network of this run was both predicted and measured.",
            command=f"edgeslim deploy {evidence.path} --table TABLE",
        )
        return ReportSection(key="agreement", title=title, blocks=[absent])
    blocks: list[Block] = [Text(text=_sentence(found)), _picture(found)]
    return ReportSection(key="agreement", title=title, blocks=blocks)


def pairs(evidence: Evidence) -> list[Pair]:
    """Every network that was predicted and measured: by deployments, the search and in tables."""
    deployed = [
        Pair(
            name=format_variant(model),
            what=f"{_DEPLOYED} {format_value(record.created, NumberUnit.MOMENT)}",
            predicted_ms=model.predicted_ms,
            measured_ms=model.latency_ms,
            origin=table_origin(record),
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
            name=f"candidate {candidate.number}: {','.join(map(str, candidate.tokens))}",
            what="measured by the search, predicted when it was proposed",
            predicted_ms=predicted,
            measured_ms=measured,
            origin=known.origin if known is not None else NumberOrigin.MEASURED,
        )
        for candidate in result.measured_candidates
        for predicted, measured, known in zip(
            candidate.predicted_ms,
            candidate.measured_ms,
            _tables_by_device(evidence, len(candidate.measured_ms)),
            strict=True,
        )
        if measured is not None
    ]


def _tables_by_device(evidence: Evidence, devices: int) -> list[TableEvidence | None]:
    """The table of each device; None where there is none."""
    tables = list[TableEvidence | None](evidence.tables[:devices])
    return tables + [None] * (devices - len(tables))


def _networks(known: TableEvidence) -> list[Pair]:
    """Networks of a table, each predicted by a fit on the table's other networks."""
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
    errors = np.array([pair.error for pair in found])
    sizes = np.abs(errors)
    if len(found) == 1:
        return f"One network was measured; its prediction is off by {_format_error(errors[0])}."
    worst = found[int(np.argmax(sizes))]
    low, middle, high = (
        format_percent(float(quantile)) for quantile in np.quantile(sizes, [0.25, 0.5, 0.75])
    )
    near, nearer = (format_percent(float(np.mean(sizes <= bound)), 0) for bound in (0.1, 0.05))
    return (
        f"Over {len(found):,} networks the median error is {middle} (middle half {low} to {high}); "
        f"{nearer} are within {format_percent(0.05, 0)}, {near} within {format_percent(0.1, 0)}. "
        f"The worst is {worst.name}, off by {_format_error(worst.error)}."
    )


def _format_error(error: float) -> str:
    return format_value(float(error), NumberUnit.CHANGE)


def _picture(found: Sequence[Pair]) -> Picture:
    values = [latency_ms for pair in found for latency_ms in (pair.predicted_ms, pair.measured_ms)]
    factor, unit = latency_axis(values)
    log = max(values) / min(values) > 6
    scale = Scale.around([factor * value for value in values], log=log)
    points = [
        ScatterPoint(
            x=factor * pair.predicted_ms,
            y=factor * pair.measured_ms,
            mark=Mark.CHOSEN if pair.what.startswith(_DEPLOYED) else mark_of(pair.origin),
            tooltip=f"{pair.name}: predicted {format_ms(pair.predicted_ms)}, measured "
            f"{format_ms(pair.measured_ms)} ({_format_error(pair.error)}); {pair.what}",
            x_interval=_scale_interval(pair.predicted_interval_ms, factor),
            y_interval=_scale_interval(pair.measured_interval_ms, factor),
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


def _scale_interval(
    interval: tuple[float, float] | None, factor: float
) -> tuple[float, float] | None:
    return None if interval is None else (factor * interval[0], factor * interval[1])


def _table(found: Sequence[Pair]) -> Table:
    return table_of(
        sorted(found, key=lambda pair: -abs(pair.error)),
        [
            ("network", "network", "text", lambda pair: pair.name),
            ("predicted_ms", "predicted", "ms", lambda pair: pair.predicted_ms),
            ("measured_ms", "measured", "ms", lambda pair: pair.measured_ms),
            ("error", "prediction error", "change", lambda pair: pair.error),
            ("table", "table", "text", lambda pair: pair.origin.value),
            ("from", "source", "text", lambda pair: pair.what),
        ],
        title="The numbers, the worst first",
        folded=True,
    )
