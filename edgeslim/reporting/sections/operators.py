"""The section that shows where a network's time goes, and how well that is known."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence

from edgeslim.prediction.family_model import NORMAL_90
from edgeslim.reporting.charts import Axis, Key, Mark, Scale
from edgeslim.reporting.charts.bars import MANY_BARS, Bar, bars
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
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.number_format import (
    format_ms,
    format_operator,
    format_percent,
    latency_axis,
)
from edgeslim.runs.deployment_records import Known, ModelRecord, OperatorRecord

__all__ = ["costliest", "operators"]

_ESTIMATED = {
    Known.INTERPOLATED: "interpolated",
    Known.TRANSFERRED: "transferred from a device",
    Known.FITTED: "fitted on whole networks",
}
_TITLE = "Time by operator"
_NAMED = 12
_WORST = 5

_KINDS = {
    Known.MEASURED: Mark.MEASURED,
    Known.INTERPOLATED: Mark.INTERPOLATED,
    Known.TRANSFERRED: Mark.INTERPOLATED,
    Known.FITTED: Mark.INTERPOLATED,
    Known.MISSING: Mark.MISSING,
    Known.LEFT_OUT: Mark.LEFT_OUT,
    Known.WITHIN: Mark.LEFT_OUT,
    Known.NO_TABLE: Mark.MISSING,
}


def operators(evidence: Evidence) -> ReportSection | None:
    """Makes the section: a bar for each operator, and the least certain ones by name."""
    subject = evidence.subject
    if subject is None:
        return None
    if not any(operator.latency_ms is not None for operator in subject.operators):
        command = f"edgeslim deploy {shlex.quote(str(evidence.path))} --table TABLE"
        absent = Absent(what="No table has the latency of single operators.", command=command)
        return ReportSection(key="operators", title=_TITLE, blocks=[absent])
    blocks: list[Block] = [
        Text(text=_sentence(subject)),
        _picture(subject),
        _table(costliest(subject)[:_NAMED], title="The costliest", folded=False),
    ]
    uncertain = _least_certain(subject.operators)
    if uncertain:
        blocks.append(Items(title="Least certain", items=uncertain))
    if len(subject.operators) > _NAMED:
        blocks.append(_table(subject.operators, title="All operators", folded=True))
    return ReportSection(key="operators", title=_TITLE, blocks=blocks)


def costliest(subject: ModelRecord) -> list[OperatorRecord]:
    """Operators whose latency is known, by their total time in the network, longest first."""
    known = [operator for operator in subject.operators if operator.total_ms is not None]
    return sorted(known, key=lambda operator: -(operator.total_ms or 0.0))


def _sentence(subject: ModelRecord) -> str:
    counts: Counter[str] = Counter()
    for operator in subject.operators:
        counts[operator.known.value] += operator.count
    known = costliest(subject)
    total_ms = sum(operator.total_ms or 0.0 for operator in known)
    half_ms, needed = 0.0, 0
    for operator in known:
        if half_ms >= total_ms / 2:
            break
        half_ms += operator.total_ms or 0.0
        needed += 1
    listed = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    return (
        f"{subject.name} runs {sum(counts.values()):,} operators of {len(subject.operators):,} "
        f"kinds and shapes ({listed}). {needed} of these shapes take half of the predicted time. "
        "Times are the table's, as the operators run in this network; what each was measured to "
        "take inside it, edgeslim deploy --operators says."
    )


def _picture(subject: ModelRecord) -> Picture:
    placed = sorted(
        ((place, operator) for operator in subject.operators for place in operator.places),
        key=lambda pair: pair[0],
    )
    factor, unit = latency_axis(operator.latency_ms for _, operator in placed)
    ends = [
        factor * (operator.latency_ms or 0.0) * (1 + NORMAL_90 * operator.error)
        for _, operator in placed
    ]
    series = [
        Bar(
            value=None if operator.latency_ms is None else factor * operator.latency_ms,
            kind=_KINDS[operator.known],
            tooltip=f"{place + 1}. {_tooltip(operator)}",
            interval=_interval(operator, factor),
        )
        for place, operator in placed
    ]
    kinds = {bar.kind for bar in series}
    hows = {operator.known for operator in subject.operators}
    estimated = ", or ".join(text for how, text in _ESTIMATED.items() if how in hows)
    return Picture(
        title="Along the network",
        says="A bar for each operator, in the order they run. Hatched or yellow bars are "
        "interpolated, hatched ones with their 90 % interval; a cross has no latency in the table.",
        chart=bars(
            series,
            title=f"Time of each operator of {subject.name}",
            description=_sentence(subject),
            x=Axis(
                title="operator, in the order they run",
                scale=Scale(low=0.5, high=len(series) + 0.5),
            ),
            y=Axis(title=f"predicted latency ({unit})", scale=Scale.around([0, *ends], zero=True)),
            legend=[
                Key(mark=_key(mark, len(series)), text=text)
                for mark, text in (
                    (Mark.MEASURED, "measured alone, for the table"),
                    (Mark.INTERPOLATED, estimated),
                    (Mark.MISSING, "missing"),
                    (Mark.LEFT_OUT, "left out by the convention, or in the operator before"),
                )
                if mark in kinds
            ],
        ),
    )


def _key(mark: Mark, count: int) -> str:
    """The symbol of a kind of bar in the legend."""
    if mark is Mark.MISSING:
        return Mark.MISSING.value
    return f"bar-{mark.value}{' thin' if count > MANY_BARS else ''}"


def _interval(record: OperatorRecord, factor: float) -> tuple[float, float] | None:
    if record.latency_ms is None or not record.error:
        return None
    half = NORMAL_90 * record.error
    value = factor * record.latency_ms
    return max(0.0, value * (1 - half)), value * (1 + half)


def _tooltip(record: OperatorRecord) -> str:
    latency = "no latency" if record.latency_ms is None else format_ms(record.latency_ms)
    interval = (
        f" \N{PLUS-MINUS SIGN}{format_percent(NORMAL_90 * record.error, 0)}" if record.error else ""
    )
    notes = "".join(f"; {note}" for note in _notes(record))
    return f"{format_operator(record.operator)}: {latency}{interval}, {record.known.value}{notes}"


def _beyond(record: OperatorRecord) -> str:
    return f"outside the measured range of {record.outside}" if record.outside else ""


def _least_certain(known: Sequence[OperatorRecord]) -> list[str]:
    """Names missing operators, and those whose error adds most to the network's interval."""
    missing = [record for record in known if record.known in {Known.MISSING, Known.NO_TABLE}]
    found = [
        f"missing: {format_operator(record.operator)}, {record.count} times"
        for record in missing[:_WORST]
    ]
    if len(missing) > _WORST:
        found.append(f"and {len(missing) - _WORST:,} more that are missing")
    by_error = sorted(known, key=lambda record: -record.error * (record.total_ms or 0.0))
    for record in by_error[:_WORST]:
        if record.error and record.total_ms:
            half = format_ms(NORMAL_90 * record.error * record.total_ms)
            beyond = f"; {_beyond(record)}" if record.outside else ""
            found.append(
                f"{format_operator(record.operator)}: {format_ms(record.total_ms)} in all, "
                f"\N{PLUS-MINUS SIGN}{half} (90 %), interpolated{beyond}"
            )
    unsteady = [record for record in known if record.unsteady]
    found += [
        f"{format_operator(record.operator)}: unsteady: {record.unsteady}"
        for record in unsteady[:_WORST]
    ]
    return found


def _table(known: Sequence[OperatorRecord], *, title: str, folded: bool) -> Table:
    return table_of(
        known,
        [
            ("operator", "operator", "text", lambda record: format_operator(record.operator)),
            ("count", "times", "count", lambda record: record.count),
            ("latency_ms", "each", "ms", lambda record: record.latency_ms),
            ("total_ms", "in all", "ms", lambda record: record.total_ms),
            ("half_width", "90 % within, \N{PLUS-MINUS SIGN}", "share", _half_width),
            ("known", "how it is known", "text", lambda record: record.known.value),
            ("notes", "notes", "text", lambda record: "; ".join(_notes(record))),
        ],
        title=title,
        folded=folded,
        bars={"total_ms"},
    )


def _half_width(record: OperatorRecord) -> float | None:
    return NORMAL_90 * record.error if record.error else None


def _notes(record: OperatorRecord) -> list[str]:
    return [note for note in (record.unsteady, _beyond(record)) if note]
