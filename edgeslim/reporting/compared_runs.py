"""Two deployments beside each other: what got slower or faster, and which operators explain it."""

from __future__ import annotations

import shlex
from collections import Counter

from edgeslim.deployment.comparing import Comparison, ModelComparison, OperatorChange
from edgeslim.reporting.charts import Axis, Key, Mark, Scale
from edgeslim.reporting.charts.intervals import Reading, intervals
from edgeslim.reporting.document import (
    Block,
    Cell,
    Column,
    Commands,
    Fact,
    Items,
    Origin,
    Picture,
    Section,
    Table,
    Text,
    Unit,
    Verdict,
)
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.numbers import ms, percent, shown, told_operator
from edgeslim.reporting.sections.ways import told_way
from edgeslim.runs.deployment_records import DeploymentRecord

__all__ = ["comparison_facts", "comparison_sections", "comparison_verdict"]

_MOST_OPERATORS = 20
_HEADINGS = ("Nothing got slower", "Slower than before")


def comparison_verdict(found: Comparison) -> Verdict:
    """What changed, in a sentence."""
    told = [_told(each) for each in found.models if each.verdict != "no difference"]
    if not found.models:
        return Verdict(sentence="The two deployments have no model and way in common.")
    if not told:
        which = "it is" if len(found.models) == 1 else f"all {len(found.models)} are"
        return Verdict(
            sentence=f"No difference that can be told: {which} as fast as before, as far as "
            "the rounds say.",
            met=True,
            headings=_HEADINGS,
        )
    counts = Counter(each.verdict for each in found.models)
    rest = len(found.models) - len(told)
    more = f"; no difference in {rest} other{'' if rest == 1 else 's'}" if rest else ""
    return Verdict(
        sentence=f"{'; '.join(told)}{more}.", met=not counts["slower"], headings=_HEADINGS
    )


def comparison_facts(found: Comparison) -> tuple[Fact, ...]:
    """How many times as long each model takes."""
    return tuple(
        Fact(
            key="ratio",
            name=told_way(each.after),
            value=each.difference.ratio,
            unit=Unit.RATIO,
            origin=Origin.MEASURED,
            interval=each.difference.interval,
            note=f"as long as before, {each.basis.value}; {each.verdict}",
            good={"slower": False, "faster": True}.get(each.verdict),
        )
        for each in found.models
    )


def comparison_sections(
    found: Comparison, before: Evidence, after: Evidence
) -> tuple[Section, ...]:
    """Everything else."""
    blocks: list[Block] = []
    if found.models:
        blocks += [_picture(found), _table(found)]
    for records, when in ((found.only_before, "before"), (found.only_after, "after")):
        if records:
            blocks.append(Items(title=f"Only {when}", items=[told_way(each) for each in records]))
    latency = Section(key="latency", title="Latency before and after", blocks=blocks)
    explained = Section(
        key="operators", title="Which operators explain it", blocks=_explained(found)
    )
    changes: list[Block] = [
        Items(items=found.changes)
        if found.changes
        else Text(text="Device, settings, versions and table are the same.")
    ]
    what = Section(key="changes", title="What else changed", blocks=changes)
    both = [
        Commands(title=f"{when}, {shown(record.created, Unit.MOMENT)} UTC", lines=[_again(record)])
        for when, record in (("Before", found.before), ("After", found.after))
    ]
    runs = Text(text=f"Before: {before.path}. After: {after.path}.")
    repeat = Section(key="repeat", title="To repeat it", blocks=[runs, *both])
    return (latency, explained, what, repeat)


def _again(record: DeploymentRecord) -> str:
    return shlex.join(record.command)


def _told(each: ModelComparison) -> str:
    ratio, (low, high) = each.difference.ratio, each.difference.interval
    change = shown(ratio - 1, Unit.CHANGE)
    return (
        f"{told_way(each.after)} is {each.verdict}: {change} ({shown(low - 1, Unit.CHANGE)} to "
        f"{shown(high - 1, Unit.CHANGE)})"
    )


def _picture(found: Comparison) -> Picture:
    rows = [
        Reading(
            name=f"{shown(each.difference.ratio - 1, Unit.CHANGE)}, {each.verdict}: "
            f"{told_way(each.after)}",
            value=each.difference.ratio,
            mark=Mark.MEASURED,
            told=f"{_told(each)}; {each.basis.value}; p {each.difference.p_value:.2g}",
            interval=each.difference.interval,
        )
        for each in found.models
    ]
    ends = [end for row in rows for end in (row.value, *(row.interval or ()))]
    level = percent(found.models[0].difference.level, 0)
    return Picture(
        title="How many times as long as before",
        says=f"Right of the dashed line is slower; bars are {level} intervals.",
        chart=intervals(
            rows,
            title="Ratio of latencies, after over before",
            description="; ".join(row.name for row in rows),
            x=Axis(title="after / before", scale=Scale.around([*ends, 0.98, 1.02])),
            limits=[(1.0, "no difference")],
            legend=[
                Key(mark=Mark.MEASURED.value, text="measured"),
                Key(mark="limit", text="as long as before"),
            ],
        ),
    )


def _table(found: Comparison) -> Table:
    rows: list[list[Cell]] = [
        [
            told_way(each.before),
            told_way(each.after),
            each.before.latency_ms,
            each.before.spread,
            each.after.latency_ms,
            each.after.spread,
            each.difference.ratio,
            each.difference.interval,
            each.difference.p_value,
            each.verdict,
            f"{each.basis.value}, {each.statistic.value}",
            _counts(each),
            "the same" if each.same_network else "others",
        ]
        for each in found.models
    ]
    return Table(
        columns=[
            Column(key="model_before", name="before"),
            Column(key="model_after", name="after"),
            Column(key="before_ms", name="before", unit=Unit.MS),
            Column(key="before_spread", name="spread, \N{PLUS-MINUS SIGN}", unit=Unit.SHARE),
            Column(key="after_ms", name="after", unit=Unit.MS),
            Column(key="after_spread", name="spread, \N{PLUS-MINUS SIGN}", unit=Unit.SHARE),
            Column(key="ratio", name="times as long", unit=Unit.RATIO),
            Column(key="ratio_interval", name="interval", unit=Unit.RATIO),
            Column(key="p_value", name="p (Mann-Whitney)", unit=Unit.NUMBER),
            Column(key="verdict", name="verdict"),
            Column(key="basis", name="compared"),
            Column(key="over", name="over"),
            Column(key="operators", name="operators"),
        ],
        rows=rows,
        title="All of it in numbers",
        folded=len(rows) > 12,
    )


def _counts(each: ModelComparison) -> str:
    one, other = each.difference.counts
    return f"{one} and {other} {'deployments' if each.of_deployments else 'rounds'}"


def _explained(found: Comparison) -> list[Block]:
    blocks: list[Block] = []
    for each in found.models:
        if each.same_network:
            blocks.append(
                Text(
                    text=f"{told_way(each.after)}: the device ran the same operators, so "
                    "what changed is around them."
                )
            )
        elif each.operators:
            known = sum(change.change_ms for change in each.operators)
            measured = each.after.latency_ms - each.before.latency_ms
            blocks.append(
                Text(
                    text=f"{told_way(each.after)}: {len(each.operators):,} operators are others, "
                    "or predicted otherwise. By the tables they come to "
                    f"{_signed(known)}; measured are {_signed(measured)}."
                )
            )
            blocks.append(_operators(each))
        else:
            text = f"{told_way(each.after)}: of its operators nothing is known that differs."
            blocks.append(Text(text=text))
    return blocks or [Text(text="There is nothing to explain.")]


def _signed(change_ms: float) -> str:
    return f"{'+' if change_ms >= 0 else ''}{ms(change_ms)}"


def _operators(each: ModelComparison) -> Table:
    return Table(
        columns=[
            Column(key="operator", name="operator"),
            Column(key="count_before", name="times before", unit=Unit.COUNT),
            Column(key="count_after", name="after", unit=Unit.COUNT),
            Column(key="before_ms", name="predicted before, in all", unit=Unit.MS),
            Column(key="after_ms", name="after", unit=Unit.MS),
            Column(key="change_ms", name="change", unit=Unit.MS),
        ],
        rows=[_operator(change) for change in each.operators],
        title=f"Operators of {told_way(each.after)}, what changed most first",
        folded=len(each.operators) > _MOST_OPERATORS,
    )


def _operator(change: OperatorChange) -> list[Cell]:
    unknown = change.before_ms is None or change.after_ms is None
    return [
        told_operator(change.operator),
        *change.counts,
        change.before_ms,
        change.after_ms,
        None if unknown else change.change_ms,
    ]
