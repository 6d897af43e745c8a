"""A search: the networks that no other beats, and the way its algorithm went to them."""

from __future__ import annotations

import math
import shlex
from collections.abc import Collection, Sequence

from edgeslim.reporting.charts import Axis, Key, Mark, Scale
from edgeslim.reporting.charts.lines import Knot, Line, lines
from edgeslim.reporting.charts.scatter import Limit, Point, Route, scatter
from edgeslim.reporting.document import (
    Absent,
    Block,
    Column,
    Items,
    Origin,
    Picture,
    Section,
    Table,
    Text,
    Unit,
)
from edgeslim.reporting.evidence import Evidence, mark_of
from edgeslim.reporting.numbers import latency_axis, ms, percent, shown
from edgeslim.runs.candidates import Candidate
from edgeslim.runs.search_run import SearchResult
from edgeslim.runs.search_settings import SearchSettings

__all__ = ["front"]

_TITLE = "The search"


def front(evidence: Evidence) -> Section | None:
    """Accuracy against latency on each device, and the best so far over candidates."""
    if evidence.search is None:
        return None
    settings, result = evidence.search.place.settings, evidence.search.result
    if result is None:
        command = f"edgeslim search --out {shlex.quote(str(evidence.path))} ..."
        absent = Absent(
            what="The search is not finished; the same command goes on.", command=command
        )
        return Section(key="search", title=_TITLE, blocks=[Text(text=_asked(settings)), absent])
    judged = [each for each in result.candidates if not each.failed]
    blocks: list[Block] = [Text(text=_asked(settings))]
    if judged:
        blocks += [
            _picture(evidence, result, judged, place) for place in range(len(result.targets))
        ]
        blocks += [_progress(result, judged), _table(result)]
    failed = [
        f"candidate {each.number}: {each.failed}" for each in result.candidates if each.failed
    ]
    if failed:
        blocks.append(Items(title="Failed", items=failed))
    if result.notes:
        blocks.append(Items(title="Notes", items=result.notes))
    return Section(key="search", title=_TITLE, blocks=blocks)


def _asked(settings: SearchSettings) -> str:
    limits = [
        f"{ms(each.target_ms)} on {device}"
        for each, device in zip(settings.targets, settings.devices, strict=True)
    ]
    if limits:
        limits[-1] += f" at {percent(settings.confidence, 0)} confidence"
    limits += [f"{most:,} {what}" for what, most in settings.size_limits.items()]
    return (
        f"{settings.algorithm} over the space {settings.space}, for {settings.task}, within "
        f"{' and '.join(limits)}; accuracies by "
        f"{settings.accuracy}, {_epochs(settings.epochs)}, seed {settings.seed}{_finals(settings)}."
    )


def _finals(settings: SearchSettings) -> str:
    if settings.finalists == 1:
        return ""
    return (
        f"; the best {settings.finalists} within all limits were trained by themselves, "
        f"{_epochs(settings.longest)}, and the most accurate of them won"
    )


def _epochs(count: int) -> str:
    return f"{count} epoch{'' if count == 1 else 's'}"


def _latency(each: Candidate, place: int) -> tuple[float, bool]:
    took = each.measured_ms[place] if each.measured_ms else None
    return (each.predicted_ms[place], False) if took is None else (took, True)


def _picture(
    evidence: Evidence, result: SearchResult, judged: Sequence[Candidate], place: int
) -> Picture:
    target = result.targets[place]
    origin = evidence.tables[place].origin if place < len(evidence.tables) else Origin.MEASURED
    guess = Mark.PREDICTED if origin is Origin.MEASURED else mark_of(origin)
    values = [_latency(each, place)[0] for each in judged]
    factor, unit = latency_axis([*values, target.target_ms])
    points = _points(result, judged, place, factor, guess)
    order = [(factor * _latency(each, place)[0], 100 * each.accuracy) for each in judged]
    best_of = [
        (factor * _latency(each, place)[0], 100 * each.accuracy)
        for each in sorted(result.front, key=lambda one: _latency(one, place)[0])
    ]
    return Picture(
        title=f"Accuracy against latency on {target.device}",
        says="The thick line joins the networks that no other beats; the thin one goes through "
        "all of them in the order they were tried.",
        chart=scatter(
            points,
            title=f"Accuracy against latency on {target.device}",
            description=f"{len(judged)} networks; {len(result.front)} of them no other beats. "
            f"Chosen: {_told(result.best, place, best=True)}",
            x=Axis(
                title=f"latency ({unit})",
                scale=Scale.around([*(p.x for p in points), factor * target.target_ms]),
            ),
            y=Axis(title="accuracy (%)", scale=Scale.around([p.y for p in points])),
            routes=[
                Route(points=order, kind="path"),
                Route(points=best_of, kind="front", stairs=True),
            ],
            limits=[Limit(value=factor * target.target_ms, told=f"limit {ms(target.target_ms)}")],
            legend=[
                *_legend({point.mark for point in points}),
                Key(mark="front", text="beaten by none"),
                Key(mark="path", text="order of evaluation"),
                Key(mark="limit", text="limit"),
            ],
        ),
    )


def _points(
    result: SearchResult, judged: Sequence[Candidate], place: int, factor: float, guess: Mark
) -> list[Point]:
    """Every network; the chosen one is drawn above all others."""
    points = []
    for each in sorted(judged, key=lambda one: one.tokens == result.best.tokens):
        latency_ms, measured = _latency(each, place)
        best = each.tokens == result.best.tokens
        points.append(
            Point(
                x=factor * latency_ms,
                y=100 * each.accuracy,
                mark=Mark.CHOSEN if best else Mark.MEASURED if measured else guess,
                told=_told(each, place, best=best),
            )
        )
    return points


def _legend(marks: Collection[Mark]) -> list[Key]:
    return [
        Key(mark=mark.value, text=text)
        for mark, text in (
            (Mark.CHOSEN, "chosen"),
            (Mark.MEASURED, "latency measured"),
            (Mark.PREDICTED, "latency predicted"),
            (Mark.SIMULATED, "latency from a simulated table"),
            (Mark.IMPORTED, "latency from an imported table"),
        )
        if mark in marks
    ]


def _told(each: Candidate, place: int, *, best: bool = False) -> str:
    took = ""
    if each.predicted_ms:
        latency_ms, measured = _latency(each, place)
        took = f"{ms(latency_ms)} {'measured' if measured else 'predicted'}, "
    return (
        f"candidate {each.number}{' (chosen)' if best else ''}: {took}"
        f"accuracy {shown(each.accuracy, Unit.SHARE)}, tokens {','.join(map(str, each.tokens))}"
    )


def _progress(result: SearchResult, judged: Sequence[Candidate]) -> Picture:
    """The best accuracy so far among networks within all limits."""
    best, knots, between = -math.inf, list[Knot](), list[tuple[float, float]]()
    limits = [each.target_ms for each in result.targets]
    for each in judged:
        within = all(a <= b for a, b in zip(each.latencies_ms, limits, strict=True))
        if within and each.accuracy > best:
            if knots:
                between.append((each.number, 100 * best))
            best = each.accuracy
            between.append((each.number, 100 * best))
            knots.append(Knot(x=each.number, y=100 * best, told=_told(each, 0), mark=Mark.MEASURED))
    last = judged[-1].number
    if knots:
        between.append((last, 100 * best))
    said = "the best accuracy so far of a network within all limits"
    return Picture(
        title="The best so far",
        says=f"After each candidate, {said}.",
        chart=lines(
            [Line(name="", knots=knots, between=between)],
            title="The best so far",
            description=f"{said}: {shown(best, Unit.SHARE) if knots else 'none'} in the end, "
            f"found as candidate {knots[-1].x if knots else '-'} of {len(judged)}.",
            x=Axis(title="candidate", scale=Scale.around([0, last], margin=0.03)),
            y=Axis(title="accuracy (%)", scale=Scale.around([each.y for each in knots])),
            height=160,
        ),
    )


def _table(result: SearchResult) -> Table:
    names = [each.device for each in result.targets]
    plain = len(names) == 1
    best = {each.tokens for each in result.front}
    finals = any(each.final_accuracy is not None for each in result.candidates)
    columns = [Column(key="candidate", name="candidate", unit=Unit.COUNT)]
    for place, name in enumerate(names, 1):
        more, key = ("", "") if plain else (f" on {name}", f"_{place}")
        columns += [
            Column(key=f"predicted{key}_ms", name=f"predicted{more}", unit=Unit.MS),
            Column(key=f"measured{key}_ms", name=f"measured{more}", unit=Unit.MS),
        ]
    columns += [
        Column(key="accuracy", name="accuracy", unit=Unit.SHARE),
        *([Column(key="final_accuracy", name="trained", unit=Unit.SHARE)] if finals else []),
        Column(key="front", name="beaten by none"),
        Column(key="tokens", name="tokens"),
    ]
    rows: list[list[str | float | int | bool | None]] = []
    for each in result.candidates:
        measured = each.measured_ms or (None,) * len(names)
        latencies = [
            value for pair in zip(each.predicted_ms, measured, strict=True) for value in pair
        ]
        rows.append(
            [
                each.number,
                *latencies,
                None if each.failed else each.accuracy,
                *([each.final_accuracy] if finals else []),
                "yes" if each.tokens in best else "",
                ",".join(map(str, each.tokens)),
            ]
        )
    chosen = [
        index for index, each in enumerate(result.candidates) if each.tokens == result.best.tokens
    ]
    return Table(
        columns=columns,
        rows=rows,
        title="All candidates",
        folded=len(rows) > 12,
        marked=frozenset(chosen),
    )
