"""Two latency tables beside each other: which operators take longer, and which less."""

from __future__ import annotations

from edgeslim.deployment.comparing_tables import OperatorDifference, TableComparison
from edgeslim.latency_table import LatencyTable
from edgeslim.reporting.charts import Axis, Key, Mark, Scale
from edgeslim.reporting.charts.scatter import Band, Point, scatter
from edgeslim.reporting.document import (
    Block,
    Column,
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
from edgeslim.reporting.evidence import mark_of, origin_of
from edgeslim.reporting.numbers import latency_axis, ms, shown, told_operator

__all__ = ["table_facts", "table_sections", "table_verdict"]

_SURE = 0.05


def table_verdict(found: TableComparison) -> Verdict:
    """What changed, in a sentence."""
    believed = [each for each in found.operators if each.believed]
    slower = sum(each.ratio > 1 for each in believed)
    told = f"{len(found.operators):,} operators are in both"
    if not found.operators:
        return Verdict(sentence="The two tables have no operator in common.")
    if found.p_value <= _SURE:
        told += (
            f"; all together are shifted, {shown(found.ratio - 1, Unit.CHANGE)} in the middle "
            f"(p {found.p_value:.1e})"
        )
    if believed:
        told += f"; {slower:,} got slower and {len(believed) - slower:,} faster, one by one"
    else:
        told += "; of no single one a difference can be told"
    return Verdict(sentence=f"{told}.")


def table_facts(found: TableComparison) -> tuple[Fact, ...]:
    """How the tables differ as a whole."""
    facts = [
        Fact(
            key="ratio",
            name="times as long, in the middle",
            value=found.ratio,
            unit=Unit.RATIO,
            note=f"median over {len(found.operators):,} operators; p {found.p_value:.2g} "
            "(Wilcoxon's signed-rank test)",
        )
    ]
    if found.speed is not None:
        facts.append(
            Fact(
                key="speed",
                name="reference operator",
                value=found.speed,
                unit=Unit.RATIO,
                origin=Origin.MEASURED,
                note="times as long as before: the device as a whole",
            )
        )
    return tuple(facts)


def table_sections(
    found: TableComparison, before: LatencyTable, after: LatencyTable
) -> tuple[Section, ...]:
    """Everything else."""
    blocks: list[Block] = []
    if found.operators:
        blocks += [_picture(found, after), _table(found)]
    sections = [Section(key="operators", title="Operator by operator", blocks=blocks)]
    networks = _networks(found)
    if networks is not None:
        sections.append(Section(key="networks", title="Whole networks", blocks=[networks]))
    told = [f"Another {found.context}"] if found.context else ["Context: the same"]
    for each, when in ((before, "before"), (after, "after")):
        context = each.context
        told.append(
            f"{when}: {each.path}, {context.device}, {context.execution}, Paddle-Lite "
            f"{context.library_version}, {origin_of(context).value}, {context.created}"
        )
    for specs, when in ((found.only_before, "before"), (found.only_after, "after")):
        if specs:
            told.append(f"{len(specs):,} operators are only in the table {when}")
    sections.append(Section(key="changes", title="The tables", blocks=[Items(items=told)]))
    return tuple(sections)


def _picture(found: TableComparison, after: LatencyTable) -> Picture:
    values = [each for one in found.operators for each in (one.before_ms, one.after_ms)]
    factor, unit = latency_axis(values)
    log = max(values) / min(values) > 6
    scale = Scale.around([factor * each for each in values], log=log)
    plain = mark_of(origin_of(after.context))
    points = [
        Point(
            x=factor * each.before_ms,
            y=factor * each.after_ms,
            mark=Mark.CHOSEN if each.believed else plain,
            told=_told(each),
        )
        for each in sorted(found.operators, key=lambda one: one.believed)
    ]
    return Picture(
        title="Before and after",
        says="Above the line an operator got slower. Stars are differences that can be told.",
        chart=scatter(
            points,
            title="Latency of operators before and after",
            description=table_verdict(found).sentence,
            x=Axis(title=f"before ({unit})", scale=scale),
            y=Axis(title=f"after ({unit})", scale=scale),
            bands=(Band(share=0.10, kind="band"), Band(share=0.05, kind="band-2")),
            legend=[
                Key(mark=Mark.CHOSEN.value, text="differs"),
                Key(mark=plain.value, text="no difference that can be told"),
                Key(mark="band-2", text="within 5 %"),
                Key(mark="band", text="within 10 %"),
            ],
        ),
    )


def _told(each: OperatorDifference) -> str:
    return (
        f"{told_operator(each.operator)}: {ms(each.before_ms)}, then {ms(each.after_ms)} "
        f"({shown(each.ratio - 1, Unit.CHANGE)}), p {each.p_value:.2g}"
    )


def _table(found: TableComparison) -> Table:
    return Table(
        columns=[
            Column(key="operator", name="operator"),
            Column(key="before_ms", name="before", unit=Unit.MS),
            Column(key="after_ms", name="after", unit=Unit.MS),
            Column(key="change", name="change", unit=Unit.CHANGE),
            Column(key="p_value", name="p", unit=Unit.NUMBER),
            Column(key="differs", name="differs"),
        ],
        rows=[
            [
                told_operator(each.operator),
                each.before_ms,
                each.after_ms,
                each.ratio - 1,
                each.p_value,
                each.believed,
            ]
            for each in found.operators
        ],
        title="Operators, what changed most first",
        folded=len(found.operators) > 20,
    )


def _networks(found: TableComparison) -> Block | None:
    if not found.networks:
        return None
    if all(each.p_value > _SURE for each in found.networks.values()):
        count = len(found.networks)
        return Text(text=f"Of none of the {count:,} networks in both a difference can be told.")
    return Table(
        columns=[
            Column(key="network", name="network"),
            Column(key="ratio", name="times as long", unit=Unit.RATIO),
            Column(key="interval", name="interval", unit=Unit.RATIO),
            Column(key="p_value", name="p", unit=Unit.NUMBER),
            Column(key="verdict", name="verdict"),
        ],
        rows=[
            [name, each.ratio, each.interval, each.p_value, each.verdict]
            for name, each in found.networks.items()
        ],
        title="",
    )
