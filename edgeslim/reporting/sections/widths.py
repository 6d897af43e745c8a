"""The section about a pruning: loss for each channel group, and its width before and after."""

from __future__ import annotations

import shlex

from edgeslim.reporting.charts import DASHES, Axis, Key, Mark, Scale
from edgeslim.reporting.charts.bars import Bar, bars
from edgeslim.reporting.charts.lines import ChartLine, Knot, lines
from edgeslim.reporting.document import (
    Absent,
    Block,
    NumberUnit,
    Picture,
    ReportSection,
    Table,
    Text,
    table_of,
)
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.number_format import format_ms, format_value
from edgeslim.runs.pruning_result import Pruning
from edgeslim.runs.pruning_run import PruneSettings
from edgeslim.runs.sensitivity_file import Sensitivities
from edgeslim.runs.sensitivity_rows import SensitivityPoint

__all__ = ["widths"]


def widths(evidence: Evidence) -> ReportSection | None:
    """Makes the section: sensitivities and widths; None for runs that are no pruning."""
    pruning = evidence.pruning
    if pruning is None:
        return None
    blocks: list[Block] = [Text(text=_goal_sentence(pruning.settings, pruning.result))]
    if pruning.result is None:
        blocks.append(
            Absent(
                what="The pruning is not finished; the same command continues it.",
                command=f"edgeslim prune {shlex.quote(pruning.settings.model)} --out "
                f"{shlex.quote(str(evidence.path))} ...",
            )
        )
    else:
        blocks += [_widths(pruning.result), _widths_table(pruning.result)]
    if pruning.sensitivities is None:
        blocks.append(
            Absent(
                what="The loss of each group was not measured.",
                command=f"edgeslim sensitivity {shlex.quote(pruning.settings.model)} --task TASK",
            )
        )
    else:
        blocks.append(_curves(pruning.sensitivities))
    return ReportSection(key="widths", title="Widths before and after", blocks=blocks)


def _goal_sentence(settings: PruneSettings, result: Pruning | None) -> str:
    goal = {
        "--target-latency": f"a latency of {format_ms(settings.target_ms or 0.0)}",
        "--target-macs": f"work of {settings.target_macs}",
        "--ratios": "given ratios",
        "--metric-loss": f"a loss of {format_value(settings.metric_loss, NumberUnit.SHARE)} for "
        "each group",
    }[settings.goal]
    text = f"{settings.model} was pruned to {goal} by {settings.strategy or 'the default'}, "
    text += f"channels chosen by {settings.criterion}."
    if result is None:
        return text
    macs, parameters = (
        format_value(after / before - 1, NumberUnit.CHANGE)
        for before, after in (
            (result.macs_before, result.macs_after),
            (result.parameters_before, result.parameters_after),
        )
    )
    text += f" Multiply-accumulates {macs}, parameters {parameters}."
    steps = [
        f"{name} {format_value(value, NumberUnit.SHARE)}"
        for name, value in (
            ("before", result.metric_before),
            ("cut", result.metric_pruned),
            ("trained", None if result.trained_epochs == 0 else result.metric_after),
        )
        if value is not None
    ]
    return f"{text} {result.metric or 'Metric'}: {', '.join(steps)}." if steps else text


def _widths(result: Pruning) -> Picture:
    series = [
        Bar(
            value=group.after,
            kind=Mark.MEASURED,
            tooltip=f"{group.name}: {group.before} before, {group.after} after "
            f"({format_value(group.after / group.before - 1, NumberUnit.CHANGE)}); "
            f"{', '.join(group.producers)}",
            before=group.before,
        )
        for group in result.groups
    ]
    highest = max((group.before for group in result.groups), default=1)
    kept = sum(group.after for group in result.groups)
    there = sum(group.before for group in result.groups)
    return Picture(
        title="Width of each group of channels",
        says="Outlines are the widths before, filled bars those after, in the order of the "
        "network.",
        chart=bars(
            series,
            title="Width of each group of channels, before and after",
            description=f"{len(series)} groups; {kept:,} of {there:,} channels are left.",
            x=Axis(title="group of channels", scale=Scale(low=0.5, high=len(series) + 0.5)),
            y=Axis(title="channels", scale=Scale.around([0, highest], zero=True)),
            legend=[Key(mark="before", text="before"), Key(mark="bar-measured", text="after")],
        ),
    )


def _widths_table(result: Pruning) -> Table:
    return table_of(
        result.groups,
        [
            ("group", "group", "text", lambda group: group.name),
            ("before", "before", "count", lambda group: group.before),
            ("after", "after", "count", lambda group: group.after),
            ("change", "change", "change", lambda group: group.after / group.before - 1),
            (
                "producers",
                "weights that write it",
                "text",
                lambda group: ", ".join(group.producers),
            ),
        ],
        title="The groups in numbers",
        folded=True,
    )


def _curves(found: Sensitivities) -> Picture:
    context = found.context
    costly = sorted(found.points, key=lambda name: -_mean_loss(found.points[name]))
    named = set(costly[: DASHES - 1])
    series = [
        ChartLine(
            name=name,
            knots=[
                Knot(
                    x=100 * point.removed_share,
                    y=100 * point.relative_loss,
                    tooltip=f"{name}: {point.width} of {point.channels} channels left, "
                    f"{context.metric} {format_value(point.metric, NumberUnit.SHARE)} "
                    f"({format_value(-point.relative_loss, NumberUnit.CHANGE)})",
                )
                for point in found.points[name]
            ],
            faint=name not in named,
        )
        for name in reversed(costly)  # the costliest is painted last, over the others
    ]
    losses = [knot.y for line in series for knot in line.knots]
    return Picture(
        title="Loss of each group",
        says=f"Each group pruned alone, before any training; {context.metric} was "
        f"{format_value(context.baseline, NumberUnit.SHARE)} on {context.examples:,} examples of "
        f"{context.task}. The {len(named)} costliest groups are named, the others grey.",
        chart=lines(
            series,
            title="Loss of each group of channels",
            description=f"{len(series)} groups. The costliest is {costly[0] if costly else 'none'}",
            x=Axis(title="channels removed (%)", scale=Scale(low=0, high=102)),
            y=Axis(
                title=f"{context.metric} lost, relative (%)",
                scale=Scale.around([0, *losses]),
            ),
        ),
        table=_curves_table(found),
    )


def _mean_loss(points: tuple[SensitivityPoint, ...]) -> float:
    return sum(point.relative_loss for point in points) / max(1, len(points))


def _curves_table(found: Sensitivities) -> Table:
    return table_of(
        [point for points in found.points.values() for point in points],
        [
            ("group", "group", "text", lambda point: point.group),
            ("channels", "channels", "count", lambda point: point.channels),
            ("width", "channels left", "count", lambda point: point.width),
            ("metric", found.context.metric, "share", lambda point: point.metric),
            (
                "relative_loss",
                "relative loss",
                "share",
                lambda point: point.relative_loss,
            ),
        ],
        title="The numbers",
        folded=True,
    )
