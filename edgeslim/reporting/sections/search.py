"""The section about a search: its Pareto front, and the order in which networks were tried."""

from __future__ import annotations

import math
import shlex
from collections.abc import Collection, Sequence
from functools import partial

from edgeslim.counts import format_count
from edgeslim.reporting.charts import Axis, Key, Mark, Scale
from edgeslim.reporting.charts.lines import ChartLine, Knot, lines
from edgeslim.reporting.charts.scatter import LimitLine, Route, ScatterPoint, scatter
from edgeslim.reporting.document import (
    Absent,
    Block,
    Items,
    NumberOrigin,
    NumberUnit,
    Picture,
    RecordColumn,
    ReportSection,
    Table,
    Text,
    table_of,
)
from edgeslim.reporting.evidence import Evidence, mark_of
from edgeslim.reporting.number_format import (
    format_ms,
    format_percent,
    format_value,
    latency_axis,
)
from edgeslim.runs.candidates import Candidate
from edgeslim.runs.search_run import SearchResult
from edgeslim.runs.search_settings import SearchSettings

__all__ = ["search"]

_TITLE = "The search"


def search(evidence: Evidence) -> ReportSection | None:
    """Makes the section: accuracy against latency on each device, and the best so far."""
    if evidence.search is None:
        return None
    settings, result = evidence.search.description.settings, evidence.search.result
    if result is None:
        command = f"edgeslim search --out {shlex.quote(str(evidence.path))} ..."
        absent = Absent(
            what="The search is not finished; the same command continues it.", command=command
        )
        return ReportSection(
            key="search", title=_TITLE, blocks=[Text(text=_settings_sentence(settings)), absent]
        )
    judged = [candidate for candidate in result.candidates if not candidate.failed]
    blocks: list[Block] = [Text(text=_settings_sentence(settings))]
    if judged:
        blocks += [
            _picture(evidence, result, judged, place) for place in range(len(result.targets))
        ]
        blocks += [_progress(result, judged), _table(result)]
    failed = [
        f"candidate {candidate.number}: {candidate.failed}"
        for candidate in result.candidates
        if candidate.failed
    ]
    if failed:
        blocks.append(Items(title="Failed", items=failed))
    if result.notes:
        blocks.append(Items(title="Notes", items=result.notes))
    return ReportSection(key="search", title=_TITLE, blocks=blocks)


def _settings_sentence(settings: SearchSettings) -> str:
    limits = [
        f"{format_ms(target.target_ms)} on {device}"
        for target, device in zip(settings.targets, settings.devices, strict=True)
    ]
    if limits:
        limits[-1] += f" at {format_percent(settings.confidence, 0)} confidence"
    limits += [f"{most:,} {what}" for what, most in settings.size_limits.items()]
    return (
        f"{settings.algorithm} over the space {settings.space}, for {settings.task}, within "
        f"{' and '.join(limits)}; accuracies by "
        f"{settings.accuracy}, {format_count(settings.epochs, 'epoch')}, seed {settings.seed}"
        f"{_finals(settings)}."
    )


def _finals(settings: SearchSettings) -> str:
    if settings.finalists == 1:
        return ""
    return (
        f"; the best {settings.finalists} within all limits were trained by themselves, "
        f"{format_count(settings.longest, 'epoch')}, and the most accurate of them won"
    )


def _latency(candidate: Candidate, place: int) -> tuple[float, bool]:
    took = _measured_ms(candidate, place)
    return (candidate.predicted_ms[place], False) if took is None else (took, True)


def _picture(
    evidence: Evidence, result: SearchResult, judged: Sequence[Candidate], place: int
) -> Picture:
    target = result.targets[place]
    origin = (
        evidence.tables[place].origin if place < len(evidence.tables) else NumberOrigin.MEASURED
    )
    guess = Mark.PREDICTED if origin is NumberOrigin.MEASURED else mark_of(origin)
    values = [_latency(candidate, place)[0] for candidate in judged]
    factor, unit = latency_axis([*values, target.target_ms])
    points = _points(result, judged, place, factor, guess)
    order = [
        (factor * _latency(candidate, place)[0], 100 * candidate.accuracy) for candidate in judged
    ]
    best_of = [
        (factor * _latency(candidate, place)[0], 100 * candidate.accuracy)
        for candidate in sorted(result.front, key=lambda one: _latency(one, place)[0])
    ]
    return Picture(
        title=f"Accuracy against latency on {target.device}",
        says="The thick line is the Pareto front: networks that no other beats. The thin line "
        "goes through all of them in the order they were tried.",
        chart=scatter(
            points,
            title=f"Accuracy against latency on {target.device}",
            description=f"{len(judged)} networks; {len(result.front)} of them on the Pareto front. "
            f"Chosen: {_describe_candidate(result.best, place, best=True)}",
            x=Axis(
                title=f"latency ({unit})",
                scale=Scale.around([*(p.x for p in points), factor * target.target_ms]),
            ),
            y=Axis(title="accuracy (%)", scale=Scale.around([p.y for p in points])),
            routes=[
                Route(points=order, kind="path"),
                Route(points=best_of, kind="front", is_step_function=True),
            ],
            limits=[
                LimitLine(
                    value=factor * target.target_ms, tooltip=f"limit {format_ms(target.target_ms)}"
                )
            ],
            legend=[
                *_legend({point.mark for point in points}),
                Key(mark="front", text="Pareto front"),
                Key(mark="path", text="order of evaluation"),
                Key(mark="limit", text="limit"),
            ],
        ),
    )


def _points(
    result: SearchResult, judged: Sequence[Candidate], place: int, factor: float, guess: Mark
) -> list[ScatterPoint]:
    """Makes a point of every network; the chosen one is drawn above all others."""
    points = []
    for candidate in sorted(judged, key=lambda one: one.tokens == result.best.tokens):
        latency_ms, measured = _latency(candidate, place)
        best = candidate.tokens == result.best.tokens
        points.append(
            ScatterPoint(
                x=factor * latency_ms,
                y=100 * candidate.accuracy,
                mark=Mark.CHOSEN if best else Mark.MEASURED if measured else guess,
                tooltip=_describe_candidate(candidate, place, best=best),
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
            (Mark.IMPORTED, "latency from an imported table"),
        )
        if mark in marks
    ]


def _describe_candidate(candidate: Candidate, place: int, *, best: bool = False) -> str:
    took = ""
    if candidate.predicted_ms:
        latency_ms, measured = _latency(candidate, place)
        took = f"{format_ms(latency_ms)} {'measured' if measured else 'predicted'}, "
    return (
        f"candidate {candidate.number}{' (chosen)' if best else ''}: {took}"
        f"accuracy {format_value(candidate.accuracy, NumberUnit.SHARE)}, tokens "
        f"{','.join(map(str, candidate.tokens))}"
    )


def _progress(result: SearchResult, judged: Sequence[Candidate]) -> Picture:
    """Draws the best accuracy so far among networks within all limits."""
    best, knots, between = -math.inf, list[Knot](), list[tuple[float, float]]()
    limits = [target.target_ms for target in result.targets]
    for candidate in judged:
        within = all(a <= b for a, b in zip(candidate.latencies_ms, limits, strict=True))
        if within and candidate.accuracy > best:
            if knots:
                between.append((candidate.number, 100 * best))
            best = candidate.accuracy
            between.append((candidate.number, 100 * best))
            knots.append(
                Knot(
                    x=candidate.number,
                    y=100 * best,
                    tooltip=_describe_candidate(candidate, 0),
                    mark=Mark.MEASURED,
                )
            )
    last = judged[-1].number
    if knots:
        between.append((last, 100 * best))
    caption = "the best accuracy so far of a network within all limits"
    return Picture(
        title="The best so far",
        says=f"After each candidate, {caption}.",
        chart=lines(
            [ChartLine(name="", knots=knots, between=between)],
            title="The best so far",
            description=f"{caption}: {format_value(best, NumberUnit.SHARE) if knots else 'none'} "
            f"in the end, found as candidate {knots[-1].x if knots else '-'} of {len(judged)}.",
            x=Axis(title="candidate", scale=Scale.around([0, last], margin=0.03)),
            y=Axis(title="accuracy (%)", scale=Scale.around([knot.y for knot in knots])),
            height=160,
        ),
    )


def _table(result: SearchResult) -> Table:
    names = [target.device for target in result.targets]
    plain = len(names) == 1
    best = {candidate.tokens for candidate in result.front}
    columns: list[RecordColumn[Candidate]] = [
        ("candidate", "candidate", "count", lambda candidate: candidate.number)
    ]
    for place, name in enumerate(names):
        more, key = ("", "") if plain else (f" on {name}", f"_{place + 1}")
        columns += [
            (f"predicted{key}_ms", f"predicted{more}", "ms", partial(_predicted_ms, place=place)),
            (f"measured{key}_ms", f"measured{more}", "ms", partial(_measured_ms, place=place)),
        ]
    columns.append(("accuracy", "accuracy", "share", lambda c: None if c.failed else c.accuracy))
    if any(candidate.final_accuracy is not None for candidate in result.candidates):
        columns.append(("final_accuracy", "trained", "share", lambda c: c.final_accuracy))
    columns += [
        ("front", "Pareto front", "text", lambda c: "yes" if c.tokens in best else ""),
        ("tokens", "tokens", "text", lambda c: ",".join(map(str, c.tokens))),
    ]
    return table_of(
        result.candidates,
        columns,
        title="All candidates",
        folded=12,
        marked=[
            index
            for index, candidate in enumerate(result.candidates)
            if candidate.tokens == result.best.tokens
        ],
    )


def _predicted_ms(candidate: Candidate, place: int) -> float:
    return candidate.predicted_ms[place]


def _measured_ms(candidate: Candidate, place: int) -> float | None:
    return candidate.measured_ms[place] if candidate.measured_ms else None
