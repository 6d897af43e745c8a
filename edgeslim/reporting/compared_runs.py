"""A report that compares two deployments: what got slower, and which operators explain it."""

from __future__ import annotations

import shlex
from collections import Counter

from edgeslim.counts import format_count
from edgeslim.deployment.compare_deployments import Comparison, ModelComparison, OperatorChange
from edgeslim.reporting.charts import Axis, Key, Mark, Scale
from edgeslim.reporting.charts.intervals import Reading, intervals
from edgeslim.reporting.compared_sides import sides_table
from edgeslim.reporting.document import (
    Block,
    Commands,
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
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.number_format import (
    format_ms,
    format_operator,
    format_percent,
    format_value,
)
from edgeslim.reporting.sections.variants import format_variant
from edgeslim.runs.deployment_records import ModelRole

__all__ = ["comparison_facts", "comparison_sections", "comparison_verdict"]

_MOST_OPERATORS = 20
_HEADINGS = ("Nothing got slower", "Slower than before")


def comparison_verdict(found: Comparison) -> Verdict:
    """Says in a sentence which models got slower or faster."""
    models = _subjects(found)
    changes = [_change(model) for model in models if model.verdict != "no difference"]
    if not models:
        return Verdict(sentence="The two deployments have no variant of a model in common.")
    if not changes:
        which = _no_change(models[0]) if len(models) == 1 else f"all {len(models)} are as before"
        return Verdict(
            sentence=f"No difference that counts: {which}.",
            met=True,
            headings=_HEADINGS,
        )
    counts = Counter(model.verdict for model in models)
    rest = len(models) - len(changes)
    more = f"; no difference in {format_count(rest, 'other')}" if rest else ""
    return Verdict(
        sentence=f"{'; '.join(changes)}{more}.", met=not counts["slower"], headings=_HEADINGS
    )


def comparison_facts(found: Comparison) -> tuple[Fact, ...]:
    """For each model, how many times as long it takes as before."""
    return tuple(
        Fact(
            key="ratio",
            name=format_variant(model.after),
            value=model.difference.ratio,
            unit=NumberUnit.RATIO,
            origin=NumberOrigin.MEASURED,
            interval=model.difference.interval,
            note=f"as long as before, {model.basis.value}; {model.verdict}{_threshold(model)}",
            good={"slower": False, "faster": True}.get(model.verdict),
        )
        for model in _subjects(found)
    )


def comparison_sections(
    found: Comparison, before: Evidence, after: Evidence
) -> tuple[ReportSection, ...]:
    """The sections of the comparison: latencies, operators, other changes, commands."""
    blocks: list[Block] = []
    if found.models:
        blocks += [_picture(found), _table(found)]
    for records, when in ((found.only_before, "before"), (found.only_after, "after")):
        if records:
            blocks.append(
                Items(title=f"Only {when}", items=[format_variant(record) for record in records])
            )
    sides = ReportSection(
        key="sides", title="Latency, accuracy and size", blocks=[sides_table(before, after)]
    )
    latency = ReportSection(key="latency", title="Latency before and after", blocks=blocks)
    explained = ReportSection(
        key="operators", title="Which operators explain it", blocks=_explain_by_operators(found)
    )
    changes: list[Block] = [
        Items(items=found.changes)
        if found.changes
        else Text(text="Device, settings, versions and table are the same.")
    ]
    what = ReportSection(key="changes", title="What else changed", blocks=changes)
    both = [
        Commands(
            title=f"{when}, {format_value(record.created, NumberUnit.MOMENT)} UTC",
            lines=[shlex.join(record.command)],
        )
        for when, record in (("Before", found.before), ("After", found.after))
    ]
    runs = Text(text=f"Before: {before.path}. After: {after.path}.")
    repeat = ReportSection(key="repeat", title="To repeat it", blocks=[runs, *both])
    return (sides, latency, explained, what, repeat)


def _change(model: ModelComparison) -> str:
    """Says how much slower or faster a model got."""
    ratio, (low, high) = model.difference.ratio, model.difference.interval
    change = format_value(ratio - 1, NumberUnit.CHANGE)
    return (
        f"{format_variant(model.after)} is {model.verdict}: {change} "
        f"({format_value(low - 1, NumberUnit.CHANGE)} to "
        f"{format_value(high - 1, NumberUnit.CHANGE)})"
    )


def _subjects(found: Comparison) -> list[ModelComparison]:
    """What the comparison is about: its models, and not the baselines that they are held against.

    Deployments of baselines alone are about these.
    """
    models = [model for model in found.models if model.after.role is ModelRole.MODEL]
    return models or list(found.models)


def _no_change(model: ModelComparison) -> str:
    """Says how far from the same a model is that is called the same, and why it is."""
    low, high = model.difference.interval
    ratio = format_value(model.difference.ratio - 1, NumberUnit.CHANGE)
    return (
        f"{format_variant(model.after)} takes {ratio} ({format_value(low - 1, NumberUnit.CHANGE)} "
        f"to {format_value(high - 1, NumberUnit.CHANGE)}){_threshold(model)}"
    )


def _threshold(model: ModelComparison) -> str:
    """Why a difference that the rounds show is not called one; or nothing."""
    difference = model.difference
    if difference.verdict != "no difference":
        return ""
    if difference.p_value > 1 - difference.level:
        return f", which the rounds do not tell from none (p {difference.p_value:.2g})"
    margin = format_percent(difference.margin)
    return f", within the {margin} by which the same model differs from deployment to deployment"


def _picture(found: Comparison) -> Picture:
    rows = [
        Reading(
            name=f"{format_value(model.difference.ratio - 1, NumberUnit.CHANGE)}, {model.verdict}: "
            f"{format_variant(model.after)}",
            value=model.difference.ratio,
            mark=Mark.MEASURED,
            tooltip=f"{_change(model)}; {model.basis.value}; p {model.difference.p_value:.2g}",
            interval=model.difference.interval,
        )
        for model in found.models
    ]
    ends = [end for row in rows for end in (row.value, *(row.interval or ()))]
    level = format_percent(found.models[0].difference.level, 0)
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
    spread = "spread, \N{PLUS-MINUS SIGN}"
    return table_of(
        found.models,
        [
            ("model_before", "before", "text", lambda model: format_variant(model.before)),
            ("model_after", "after", "text", lambda model: format_variant(model.after)),
            ("before_ms", "before", "ms", lambda model: model.before.latency_ms),
            ("before_spread", spread, "share", lambda model: model.before.spread),
            ("after_ms", "after", "ms", lambda model: model.after.latency_ms),
            ("after_spread", spread, "share", lambda model: model.after.spread),
            ("ratio", "times as long", "ratio", lambda model: model.difference.ratio),
            ("ratio_interval", "interval", "ratio", lambda model: model.difference.interval),
            ("p_value", "p (Mann-Whitney)", "number", lambda model: model.difference.p_value),
            ("margin", "called none up to", "share", lambda model: model.difference.margin),
            ("verdict", "verdict", "text", lambda model: model.verdict),
            ("basis", "compared", "text", _basis),
            ("over", "over", "text", _counts),
            ("operators", "operators", "text", _same_operators),
        ],
        title="All of it in numbers",
        folded=12,
    )


def _basis(model: ModelComparison) -> str:
    return f"{model.basis.value}, {model.statistic.value}"


def _same_operators(model: ModelComparison) -> str:
    return "the same" if model.same_network else "different"


def _counts(model: ModelComparison) -> str:
    one, other = model.difference.counts
    return f"{one} and {other} {'deployments' if model.of_deployments else 'rounds'}"


def _explain_by_operators(found: Comparison) -> list[Block]:
    blocks: list[Block] = []
    for model in found.models:
        if model.same_network:
            blocks.append(
                Text(
                    text=f"{format_variant(model.after)}: the device ran the same operators, so "
                    "the cause is outside the network."
                )
            )
        elif model.operators:
            known = sum(change.change_ms for change in model.operators)
            measured = model.after.latency_ms - model.before.latency_ms
            blocks.append(
                Text(
                    text=f"{format_variant(model.after)}: {len(model.operators):,} operators "
                    "differ, or are predicted differently. By the tables they change the latency "
                    f"by {_format_signed_ms(known)}; measured, it changed by "
                    f"{_format_signed_ms(measured)}."
                )
            )
            blocks.append(_operators(model))
        else:
            text = f"{format_variant(model.after)}: its operators are not known to differ."
            blocks.append(Text(text=text))
    return blocks or [Text(text="There is nothing to explain.")]


def _format_signed_ms(change_ms: float) -> str:
    return f"{'+' if change_ms >= 0 else ''}{format_ms(change_ms)}"


def _operators(model: ModelComparison) -> Table:
    return table_of(
        model.operators,
        [
            ("operator", "operator", "text", lambda change: format_operator(change.operator)),
            ("count_before", "times before", "count", lambda change: change.counts[0]),
            ("count_after", "after", "count", lambda change: change.counts[1]),
            ("before_ms", "predicted before, in all", "ms", lambda change: change.before_ms),
            ("after_ms", "after", "ms", lambda change: change.after_ms),
            ("change_ms", "change", "ms", _change_ms),
        ],
        title=f"Operators of {format_variant(model.after)}, what changed most first",
        folded=_MOST_OPERATORS,
    )


def _change_ms(change: OperatorChange) -> float | None:
    is_unknown = change.before_ms is None or change.after_ms is None
    return None if is_unknown else change.change_ms
