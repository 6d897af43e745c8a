"""A report of several models beside each other: latency, accuracy, size and memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeslim.counts import format_count
from edgeslim.durations import now
from edgeslim.errors import UsageError
from edgeslim.reporting.charts import Axis, Mark, Scale
from edgeslim.reporting.charts.scatter import ScatterPoint, scatter
from edgeslim.reporting.compared_sides import (
    LATENCY_COLUMNS,
    OTHER_COLUMNS,
    MeasuredModel,
    accuracy_of,
)
from edgeslim.reporting.document import (
    Absent,
    Block,
    Commands,
    Fact,
    Items,
    NumberOrigin,
    NumberUnit,
    Picture,
    RecordColumn,
    ReportDocument,
    ReportSection,
    Verdict,
    table_of,
)
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.number_format import format_ms, format_value, latency_axis
from edgeslim.reporting.read_run import read_run
from edgeslim.reporting.report import Report, check_out, choose_format, write_report
from edgeslim.runs.deployment_records import DeploymentRecord, SpeedupRecord
from edgeslim.version import __version__

__all__ = ["report_side_by_side"]


def report_side_by_side(
    runs: Sequence[Path],
    *,
    out: Path | None = None,
    format: str | None = None,  # noqa: A002 - as on the command line
) -> Report:
    """Writes a report of the models of several runs, each by its newest deployment.

    Args:
        runs: Folders of runs that were deployed.
        out: The file; by default ``models`` in the folder of the first.
        format: ``html``, ``markdown`` or ``json``, as in `edgeslim.reporting.report.report`.

    Raises:
        UsageError: A run was not deployed yet, or is given twice.
        UnknownNameError, BadFileError, UnwritableError: As `edgeslim.reporting.report.report`.
    """
    name, file = choose_format(runs[0], out, format, stem="models")
    check_out(file)
    for place, run in enumerate(runs):
        if run.resolve() in {other.resolve() for other in runs[:place]}:
            raise UsageError(f"{run} is given twice")
    return write_report(_document([_read_model(run) for run in runs]), file, name)


@dataclass(frozen=True, kw_only=True)
class _Model(MeasuredModel):
    """The model of a run: the fastest variant of its newest deployment.

    Args:
        run: Everything that is known of the run.
        record: The newest deployment in its history.
    """

    run: Evidence
    record: DeploymentRecord

    @property
    def device(self) -> str:
        """Name of the device that it was measured on."""
        return self.record.device.name

    @property
    def variant(self) -> str:
        """Precision, number of threads, and the engine if there was a choice."""
        own = self.model
        engine = f"{own.engine}, " if own.engine else ""
        return f"{engine}{own.precision.value}, {format_count(own.threads, 'thread')}"

    def speedup_over(self, other: _Model) -> SpeedupRecord | None:
        """How many times as fast as another model it is, if the same rounds timed both."""
        if self.record.created != other.record.created:
            return None
        return next(
            (
                found
                for found in self.record.speedups
                if (found.model, found.baseline) == (self.model.id, other.model.id)
            ),
            None,
        )


def _read_model(path: Path) -> _Model:
    """Reads the model of a run.

    Raises:
        UsageError: It was not deployed yet.
    """
    run = read_run(path)
    record, model = run.latest, run.subject
    if record is None or model is None:
        raise UsageError(f"{path} was not deployed yet: edgeslim deploy {path}")
    return _Model(run=run, record=record, model=model, accuracy=accuracy_of(run))


def _document(models: Sequence[_Model]) -> ReportDocument:
    paths = [str(own.run.path) for own in models]
    return ReportDocument(
        title=", ".join(own.run.name for own in models),
        kind="comparison",
        run=", ".join(paths),
        created=now(),
        edgeslim=__version__,
        verdict=_verdict(models),
        facts=tuple(_fact(own) for own in models),
        sections=(
            ReportSection(key="models", title="Models beside each other", blocks=_blocks(models)),
            ReportSection(key="charts", title="Accuracy, latency and size", blocks=_charts(models)),
            ReportSection(
                key="commands",
                title="The same again",
                blocks=[
                    Commands(
                        title="All in the same rounds",
                        lines=[" ".join(("edgeslim deploy", *paths))],
                    )
                ],
            ),
        ),
    )


def _verdict(models: Sequence[_Model]) -> Verdict:
    """Says in a sentence which is the fastest, the most accurate and the smallest."""
    fastest = min(models, key=lambda own: own.model.latency_ms)
    smallest = min(models, key=lambda own: own.model.size_bytes)
    parts = [f"{fastest.run.name} is the fastest ({format_ms(fastest.model.latency_ms)})"]
    known = [own for own in models if own.accuracy is not None]
    if len(known) == len(models) and len(_metrics(models)) == 1:
        parts.append(_most_accurate(known))
    size = format_value(smallest.model.size_bytes, NumberUnit.BYTES)
    parts.append(f"{smallest.run.name} the smallest ({size})")
    return Verdict(sentence=f"{', '.join(parts)}.")


def _most_accurate(known: Sequence[_Model]) -> str:
    """Says which model is the most accurate, if its interval is above what others reach."""
    best = max(known, key=lambda own: own.accuracy_value or 0.0)
    others = [own.accuracy_value or 0.0 for own in known if own is not best]
    low, _ = best.accuracy_interval or (best.accuracy_value or 0.0, 1.0)
    if any(value >= low for value in others):
        return "none surely more accurate than the others"
    value = format_value(best.accuracy_value, NumberUnit.SHARE)
    return f"{best.run.name} the most accurate ({value})"


def _fact(own: _Model) -> Fact:
    known = format_value(own.accuracy_value, NumberUnit.SHARE)
    size = format_value(own.model.size_bytes, NumberUnit.BYTES)
    accuracy = f"{own.accuracy.metric} {known}, " if own.accuracy is not None else ""
    return Fact(
        key="latency_ms",
        name=own.run.name,
        value=own.model.latency_ms,
        unit=NumberUnit.MS,
        origin=NumberOrigin.MEASURED,
        interval=own.model.latency_interval_ms,
        note=f"{accuracy}{size}, on {own.device}",
    )


def _metrics(models: Sequence[_Model]) -> set[str]:
    return {own.accuracy.metric for own in models if own.accuracy is not None}


def _blocks(models: Sequence[_Model]) -> list[Block]:
    first, devices = models[0], {own.device for own in models}
    columns: list[RecordColumn[_Model]] = [
        ("run", "run", "text", lambda own: own.run.name),
        ("variant", "variant", "text", lambda own: own.variant),
        ("device", "device", "text", lambda own: own.device if len(devices) > 1 else None),
        *LATENCY_COLUMNS,
        (
            "speedup",
            "times as fast",
            "ratio",
            lambda own: _of_speedup(own.speedup_over(first), lambda found: found.ratio),
        ),
        (
            "speedup_interval",
            "interval",
            "ratio",
            lambda own: _of_speedup(own.speedup_over(first), lambda found: found.interval),
        ),
        ("metric", "metric", "text", lambda own: None if not own.accuracy else own.accuracy.metric),
        *OTHER_COLUMNS,
        ("moment", "deployed, UTC", "moment", lambda own: own.record.created),
    ]
    blocks: list[Block] = [table_of(models, columns, drop_empty=True)]
    doubts = _doubts(models)
    if any(own.speedup_over(first) for own in models):
        doubts.append(f"Times as fast as {first.run.name}, in the same rounds.")
    if doubts:
        blocks.append(Items(title="What to know of the comparison", items=doubts))
    return blocks


def _of_speedup(
    found: SpeedupRecord | None,
    get: Callable[[SpeedupRecord], float | tuple[float, float]],
) -> float | tuple[float, float] | None:
    return None if found is None else get(found)


def _doubts(models: Sequence[_Model]) -> list[str]:
    """Why numbers of different models may not be comparable, as sentences."""
    found: list[str] = []
    devices = {(own.device, own.record.device.hardware) for own in models}
    if len(devices) > 1:
        named = " and ".join(sorted({own.device for own in models}))
        found.append(f"They were measured on different devices: {named}.")
    elif len({own.record.created for own in models}) > 1:
        found.append(
            "They were measured at different times, and another day alone changes latencies by "
            "some percent: the command below measures all in the same rounds."
        )
    if len(_metrics(models)) > 1:
        found.append(f"Their accuracies are different metrics: {', '.join(_metrics(models))}.")
    return found


def _charts(models: Sequence[_Model]) -> list[Block]:
    """Accuracy over latency and over size, of the models whose accuracy is known."""
    known = [own for own in models if own.accuracy is not None]
    missing = [str(own.run.path) for own in models if own.accuracy is None]
    blocks: list[Block] = []
    if missing:
        blocks.append(
            Absent(
                what=f"The accuracy of {', '.join(missing)} is not known.",
                command=f"edgeslim deploy {' '.join(missing)} --evaluate TASK",
            )
        )
    if len(known) < 2 or len(_metrics(models)) > 1:
        return blocks
    factor, unit = latency_axis([own.model.latency_ms for own in known])
    latency = [
        _point(own, factor * own.model.latency_ms, _scale(own.model.latency_interval_ms, factor))
        for own in known
    ]
    size = [_point(own, own.model.size_bytes / 1e6, None) for own in known]
    return [
        _picture("latency", f"latency ({unit})", latency),
        _picture("size", "size of the file (MB)", size),
        *blocks,
    ]


def _scale(interval: tuple[float, float] | None, factor: float) -> tuple[float, float] | None:
    return None if interval is None else (factor * interval[0], factor * interval[1])


def _point(own: _Model, x: float, x_interval: tuple[float, float] | None) -> ScatterPoint:
    """The point of a model whose accuracy is known."""
    size = format_value(own.model.size_bytes, NumberUnit.BYTES)
    accuracy = format_value(own.accuracy_value, NumberUnit.SHARE)
    return ScatterPoint(
        x=x,
        y=100 * (own.accuracy_value or 0.0),
        mark=Mark.MEASURED,
        tooltip=f"{own.run.name}: {format_ms(own.model.latency_ms)}, {accuracy}, {size}",
        x_interval=x_interval,
        y_interval=_scale(own.accuracy_interval, 100),
        label=own.run.name,
    )


def _picture(what: str, title: str, points: Sequence[ScatterPoint]) -> Picture:
    across = [value for point in points for value in (point.x, *(point.x_interval or ()))]
    up = [value for point in points for value in (point.y, *(point.y_interval or ()))]
    return Picture(
        title=f"Accuracy over {what}",
        says="Further up is more accurate, further left is better. Thin lines are intervals.",
        chart=scatter(
            points,
            title=f"Accuracy over {what}",
            description="; ".join(point.tooltip for point in points),
            x=Axis(title=title, scale=Scale.around(across)),
            y=Axis(title="accuracy (%)", scale=Scale.around(up)),
        ),
    )
