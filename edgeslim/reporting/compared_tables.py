"""A report that compares two latency tables: which operators got slower, and which faster."""

from __future__ import annotations

from edgeslim.counts import format_count
from edgeslim.deployment.compare_tables import OperatorDifference, TableComparison
from edgeslim.latency_table import LatencyTable
from edgeslim.reporting.charts import Axis, Key, Mark, Scale
from edgeslim.reporting.charts.scatter import Band, ScatterPoint, scatter
from edgeslim.reporting.document import (
    Block,
    Fact,
    Items,
    NumberOrigin,
    NumberUnit,
    Picture,
    ReportSection,
    Table,
    Text,
    Verdict,
    table_of,
)
from edgeslim.reporting.evidence import mark_of, origin_of
from edgeslim.reporting.number_format import format_ms, format_operator, format_value, latency_axis

__all__ = ["table_facts", "table_sections", "table_verdict"]

_SIGNIFICANCE = 0.05
"""Differences of a smaller p-value are reported."""


def table_verdict(found: TableComparison) -> Verdict:
    """Says in a sentence what changed."""
    discoveries = [operator for operator in found.operators if operator.is_discovery]
    slower = sum(operator.ratio > 1 for operator in discoveries)
    sentence = f"{format_count(len(found.operators), 'operator is', 'operators are')} in both"
    if not found.operators:
        return Verdict(sentence="The two tables have no operator in common.")
    if found.p_value <= _SIGNIFICANCE:
        sentence += (
            f"; together they changed by {format_value(found.ratio - 1, NumberUnit.CHANGE)} in "
            f"the middle (p {found.p_value:.1e})"
        )
    if discoveries:
        sentence += f"; {slower:,} got slower and {len(discoveries) - slower:,} faster, one by one"
    else:
        sentence += "; no single difference is significant"
    return Verdict(sentence=f"{sentence}.")


def table_facts(found: TableComparison) -> tuple[Fact, ...]:
    """How the tables differ as a whole."""
    facts = [
        Fact(
            key="ratio",
            name="times as long, in the median",
            value=found.ratio,
            unit=NumberUnit.RATIO,
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
                unit=NumberUnit.RATIO,
                origin=NumberOrigin.MEASURED,
                note="times as long as before: the device as a whole",
            )
        )
    return tuple(facts)


def table_sections(
    found: TableComparison, before: LatencyTable, after: LatencyTable
) -> tuple[ReportSection, ...]:
    """The sections of the comparison: operators, networks, the tables themselves."""
    blocks: list[Block] = []
    if found.operators:
        blocks += [_picture(found, after), _table(found)]
    sections = [ReportSection(key="operators", title="Operator by operator", blocks=blocks)]
    networks = _networks(found)
    if networks is not None:
        sections.append(ReportSection(key="networks", title="Whole networks", blocks=[networks]))
    items = [f"Another {found.context}"] if found.context else ["Context: the same"]
    for table, when in ((before, "before"), (after, "after")):
        context = table.context
        items.append(
            f"{when}: {table.path}, {context.device}, {context.execution_text}, "
            f"{context.library_name} {context.library_version}, {origin_of(context).value}, "
            f"{context.created}"
        )
    for specs, when in ((found.only_before, "before"), (found.only_after, "after")):
        if specs:
            count = format_count(len(specs), "operator is", "operators are")
            items.append(f"{count} only in the table {when}")
    sections.append(ReportSection(key="changes", title="The tables", blocks=[Items(items=items)]))
    return tuple(sections)


def _picture(found: TableComparison, after: LatencyTable) -> Picture:
    values = [
        latency_ms
        for operator in found.operators
        for latency_ms in (operator.before_ms, operator.after_ms)
    ]
    factor, unit = latency_axis(values)
    log = max(values) / min(values) > 6
    scale = Scale.around([factor * value for value in values], log=log)
    plain = mark_of(origin_of(after.context))
    points = [
        ScatterPoint(
            x=factor * operator.before_ms,
            y=factor * operator.after_ms,
            mark=Mark.CHOSEN if operator.is_discovery else plain,
            tooltip=_tooltip(operator),
        )
        for operator in sorted(found.operators, key=lambda one: one.is_discovery)
    ]
    return Picture(
        title="Before and after",
        says="Above the line an operator got slower. Stars are significant differences.",
        chart=scatter(
            points,
            title="Latency of operators before and after",
            description=table_verdict(found).sentence,
            x=Axis(title=f"before ({unit})", scale=scale),
            y=Axis(title=f"after ({unit})", scale=scale),
            bands=(Band(share=0.10, kind="band"), Band(share=0.05, kind="band-2")),
            legend=[
                Key(mark=Mark.CHOSEN.value, text="differs"),
                Key(mark=plain.value, text="no significant difference"),
                Key(mark="band-2", text="within 5 %"),
                Key(mark="band", text="within 10 %"),
            ],
        ),
    )


def _tooltip(operator: OperatorDifference) -> str:
    return (
        f"{format_operator(operator.operator)}: {format_ms(operator.before_ms)}, then "
        f"{format_ms(operator.after_ms)} "
        f"({format_value(operator.ratio - 1, NumberUnit.CHANGE)}), p {operator.p_value:.2g}"
    )


def _table(found: TableComparison) -> Table:
    return table_of(
        found.operators,
        [
            ("operator", "operator", "text", lambda pair: format_operator(pair.operator)),
            ("before_ms", "before", "ms", lambda pair: pair.before_ms),
            ("after_ms", "after", "ms", lambda pair: pair.after_ms),
            ("change", "change", "change", lambda pair: pair.ratio - 1),
            ("p_value", "p", "number", lambda pair: pair.p_value),
            ("differs", "differs", "text", lambda pair: pair.is_discovery),
        ],
        title="Operators, what changed most first",
        folded=20,
    )


def _networks(found: TableComparison) -> Block | None:
    if not found.networks:
        return None
    if all(network.p_value > _SIGNIFICANCE for network in found.networks.values()):
        count = len(found.networks)
        return Text(text=f"None of the {count:,} networks in both differs significantly.")
    return table_of(
        found.networks.items(),
        [
            ("network", "network", "text", lambda item: item[0]),
            ("ratio", "times as long", "ratio", lambda item: item[1].ratio),
            ("interval", "interval", "ratio", lambda item: item[1].interval),
            ("p_value", "p", "number", lambda item: item[1].p_value),
            ("verdict", "verdict", "text", lambda item: item[1].verdict),
        ],
    )
