"""Where the time of a network goes, operator by operator, and how well that is known."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence

from edgeslim.reporting.charts import Axis, Key, Mark, Scale
from edgeslim.reporting.charts.bars import MANY_BARS, Bar, bars
from edgeslim.reporting.document import (
    Absent,
    Block,
    Column,
    Items,
    Picture,
    Section,
    Table,
    Text,
    Unit,
)
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.numbers import latency_axis, ms, percent, told_operator
from edgeslim.runs.deployment_records import Known, ModelRecord, OperatorRecord

__all__ = ["costliest", "operators"]

_TITLE = "Time by operator"
_NAMED = 12
_WORST = 5
_NINETY = 1.645
"""Standard errors in half of a 90 % interval."""

_KINDS = {
    Known.MEASURED: Mark.MEASURED,
    Known.INTERPOLATED: Mark.INTERPOLATED,
    Known.MISSING: Mark.MISSING,
    Known.LEFT_OUT: Mark.LEFT_OUT,
    Known.NO_TABLE: Mark.MISSING,
}


def operators(evidence: Evidence) -> Section | None:
    """A bar for each operator of the newest deployed model, and the doubtful ones by name."""
    subject = evidence.subject
    if subject is None:
        return None
    if not any(each.latency_ms is not None for each in subject.operators):
        command = f"edgeslim deploy {shlex.quote(str(evidence.path))} --table TABLE"
        absent = Absent(what="No table says what single operators take.", command=command)
        return Section(key="operators", title=_TITLE, blocks=[absent])
    blocks: list[Block] = [
        Text(text=_sentence(subject)),
        _picture(subject),
        _table(costliest(subject)[:_NAMED], title="The costliest", folded=False),
    ]
    doubts = _doubts(subject.operators)
    if doubts:
        blocks.append(Items(title="Least well known", items=doubts))
    if len(subject.operators) > _NAMED:
        blocks.append(_table(subject.operators, title="All operators", folded=True))
    return Section(key="operators", title=_TITLE, blocks=blocks)


def costliest(subject: ModelRecord) -> list[OperatorRecord]:
    """Operators whose latency is known, by the time of all their places, the longest first."""
    known = [each for each in subject.operators if each.total_ms is not None]
    return sorted(known, key=lambda each: -(each.total_ms or 0.0))


def _sentence(subject: ModelRecord) -> str:
    counts: Counter[str] = Counter()
    for each in subject.operators:
        counts[each.known.value] += each.count
    known = costliest(subject)
    total_ms = sum(each.total_ms or 0.0 for each in known)
    half_ms, needed = 0.0, 0
    for each in known:
        if half_ms >= total_ms / 2:
            break
        half_ms += each.total_ms or 0.0
        needed += 1
    listed = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    return (
        f"{subject.name} runs {sum(counts.values()):,} operators of {len(subject.operators):,} "
        f"kinds and shapes ({listed}). {needed} of these shapes take half of the predicted time. "
        "Times are the table's, as the operators run in this network: what a single one takes "
        "inside a network cannot be measured from outside."
    )


def _picture(subject: ModelRecord) -> Picture:
    placed = sorted(
        ((place, each) for each in subject.operators for place in each.places),
        key=lambda pair: pair[0],
    )
    factor, unit = latency_axis(each.latency_ms for _, each in placed)
    ends = [factor * (each.latency_ms or 0.0) * (1 + _NINETY * each.error) for _, each in placed]
    series = [
        Bar(
            value=None if each.latency_ms is None else factor * each.latency_ms,
            kind=_KINDS[each.known],
            told=f"{place + 1}. {_told(each)}",
            interval=_interval(each, factor),
        )
        for place, each in placed
    ]
    kinds = {bar.kind for bar in series}
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
                    (Mark.INTERPOLATED, "interpolated"),
                    (Mark.MISSING, "missing"),
                    (Mark.LEFT_OUT, "left out by the table's convention"),
                )
                if mark in kinds
            ],
        ),
    )


def _key(mark: Mark, count: int) -> str:
    """What stands for a kind of bar in the legend."""
    if mark is Mark.MISSING:
        return Mark.MISSING.value
    return f"bar-{mark.value}{' thin' if count > MANY_BARS else ''}"


def _interval(each: OperatorRecord, factor: float) -> tuple[float, float] | None:
    if each.latency_ms is None or not each.error:
        return None
    half = _NINETY * each.error
    value = factor * each.latency_ms
    return max(0.0, value * (1 - half)), value * (1 + half)


def _told(each: OperatorRecord) -> str:
    latency = "no latency" if each.latency_ms is None else ms(each.latency_ms)
    doubt = f" \N{PLUS-MINUS SIGN}{percent(_NINETY * each.error, 0)}" if each.error else ""
    notes = "".join(f"; {note}" for note in (each.unsteady, _beyond(each)) if note)
    return f"{told_operator(each.operator)}: {latency}{doubt}, {each.known.value}{notes}"


def _beyond(each: OperatorRecord) -> str:
    return f"beyond what was measured in {each.outside}" if each.outside else ""


def _doubts(known: Sequence[OperatorRecord]) -> list[str]:
    """Operators that are missing, and those whose doubt adds most to the interval."""
    missing = [each for each in known if each.known in {Known.MISSING, Known.NO_TABLE}]
    found = [
        f"missing: {told_operator(each.operator)}, {each.count} times" for each in missing[:_WORST]
    ]
    if len(missing) > _WORST:
        found.append(f"and {len(missing) - _WORST:,} more that are missing")
    doubtful = sorted(known, key=lambda each: -each.error * (each.total_ms or 0.0))
    for each in doubtful[:_WORST]:
        if each.error and each.total_ms:
            half = ms(_NINETY * each.error * each.total_ms)
            beyond = "".join(f"; {note}" for note in (_beyond(each),) if note)
            found.append(
                f"{told_operator(each.operator)}: {ms(each.total_ms)} in all, "
                f"\N{PLUS-MINUS SIGN}{half} (90 %), interpolated{beyond}"
            )
    unsteady = [each for each in known if each.unsteady]
    found += [
        f"{told_operator(each.operator)}: unsteady: {each.unsteady}" for each in unsteady[:_WORST]
    ]
    return found


def _table(known: Sequence[OperatorRecord], *, title: str, folded: bool) -> Table:
    return Table(
        columns=[
            Column(key="operator", name="operator"),
            Column(key="count", name="times", unit=Unit.COUNT),
            Column(key="latency_ms", name="each", unit=Unit.MS),
            Column(key="total_ms", name="in all", unit=Unit.MS, bar=True),
            Column(key="half_width", name="90 % within, \N{PLUS-MINUS SIGN}", unit=Unit.SHARE),
            Column(key="known", name="how it is known"),
            Column(key="notes", name="notes"),
        ],
        rows=[
            [
                told_operator(each.operator),
                each.count,
                each.latency_ms,
                each.total_ms,
                _NINETY * each.error if each.error else None,
                each.known.value,
                "; ".join(note for note in (each.unsteady, _beyond(each)) if note),
            ]
            for each in known
        ],
        title=title,
        folded=folded,
    )
