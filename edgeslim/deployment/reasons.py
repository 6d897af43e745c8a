"""Reasons why a prediction and a measurement differ, as far as a record shows them.

Each reason has the share of the latency that it may explain, in percent, so that the largest comes
first. What cannot be put into a number has 0 and comes last. What makes any comparison doubtful is
among them: outputs that differ, and samples that are far apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from edgeslim.counts import format_count
from edgeslim.deployment.deployed import format_variant
from edgeslim.device_state.heat import assess_heat
from edgeslim.durations import format_ms
from edgeslim.runs.deployment_records import (
    DeploymentRecord,
    Known,
    ModelRecord,
    OperatorRecord,
    TableRecord,
)

__all__ = ["Reason", "is_outside_prediction", "reasons_of"]

_NOTABLE_SPEED = 0.02
_UNSTABLE_SPREAD = 0.10
_ROUGH_OUTPUTS = 1e-3
_OLD_S = 30 * 86400.0
_NAMED = 3
_ESTIMATED = {
    Known.INTERPOLATED: "interpolated",
    Known.TRANSFERRED: "transferred from another device's table",
    Known.FITTED: "estimated from whole networks",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """One reason why prediction and measurement differ.

    Args:
        percent: Percent of the latency that it may explain; 0 is not known.
        line: Sentence that people read.
    """

    percent: float
    line: str


def is_outside_prediction(model: ModelRecord) -> bool:
    """Whether the measurement is outside the interval of the prediction, or it has none."""
    if model.predicted_interval_ms is None:
        return model.predicted_ms is not None
    low, high = model.predicted_interval_ms
    return not low <= model.latency_ms <= high


def reasons_of(record: DeploymentRecord) -> tuple[Reason, ...]:
    """Why predicted and measured differ, the largest reason first.

    A model whose measurement is within the interval of its prediction has no reasons; one that has
    no prediction though there is a table has the reason for that.
    """
    found: dict[str, Reason] = {}
    for model in record.models:
        for reason in _reasons_of_model(record, model):
            found.setdefault(reason.line, reason)
    return tuple(sorted(found.values(), key=lambda reason: -reason.percent))


def _reasons_of_model(record: DeploymentRecord, model: ModelRecord) -> Iterator[Reason]:
    if record.table is None:
        return
    known = [operator for operator in model.operators if operator.known is not Known.NO_TABLE]
    if not known:
        yield Reason(percent=0.0, line=_no_prediction_text(record.table, model))
        return
    missing = [operator for operator in known if operator.known is Known.MISSING]
    if missing:
        yield _reason_missing(model, missing)
    if not is_outside_prediction(model):
        return
    yield from _operator_reasons(model, known)
    yield from _speed_reasons(record, model)
    yield from _sample_reasons(model)
    yield from _table_reasons(record, model)


def _no_prediction_text(table: TableRecord, model: ModelRecord) -> str:
    context = table.context
    return (
        f"{_label(model)} has no prediction, for the table is of {context.device} "
        f"({context.execution})"
    )


def _reason_missing(model: ModelRecord, missing: Sequence[OperatorRecord]) -> Reason:
    count = sum(operator.count for operator in missing)
    whole = sum(operator.count for operator in model.operators)
    return Reason(
        percent=100 * count / whole,
        line=(
            f"{_label(model)}: the table knows nothing of {count} of "
            f"{format_count(whole, 'operator')} "
            f"({_names(missing)}); edgeslim profile --model measures them"
        ),
    )


def _operator_reasons(model: ModelRecord, known: Sequence[OperatorRecord]) -> Iterator[Reason]:
    """Reasons in operators whose latency is not well known."""
    outside = [operator for operator in known if operator.outside]
    if outside:
        counted = _count(outside, "operator is", "operators are")
        yield Reason(
            percent=_percent_of_latency(model, outside, lambda operator: max(operator.error, 0.1)),
            line=(
                f"{_label(model)}: {counted} beyond all that the table measured "
                f"({_names(outside)}: {outside[0].outside}); measure nearer ones"
            ),
        )
    for how, text in _ESTIMATED.items():
        guessed = [operator for operator in known if operator.known is how and not operator.outside]
        if not guessed:
            continue
        percent = _percent_of_latency(model, guessed, lambda operator: operator.error)
        counted = _count(guessed, "operator is", "operators are")
        yield Reason(
            percent=percent,
            line=(
                f"{_label(model)}: {counted} {text}, and may be off by {percent:.1f} % of "
                f"the latency together ({_names(guessed)})"
            ),
        )
    unsteady = [operator for operator in known if operator.unsteady]
    if unsteady:
        counted = _count(unsteady, "operator was", "operators were")
        yield Reason(
            percent=_percent_of_latency(model, unsteady, lambda _: 0.1),
            line=(
                f"{_label(model)}: {counted} measured unsteadily for the table "
                f"({_names(unsteady)}: {unsteady[0].unsteady})"
            ),
        )
    left_out = [operator for operator in known if operator.known is Known.LEFT_OUT]
    if left_out:
        yield Reason(
            percent=0.0,
            line=f"{_label(model)}: tables of this convention leave out {_names(left_out)}",
        )


def _speed_reasons(record: DeploymentRecord, model: ModelRecord) -> Iterator[Reason]:
    if model.speed is not None and abs(model.speed - 1) > _NOTABLE_SPEED:
        percent = 100 * abs(1 / model.speed - 1)
        slower = "slower" if model.speed < 1 else "faster"
        yield Reason(
            percent=percent,
            line=(
                f"{record.device.name} is {percent:.1f} % {slower} now than when the table was "
                "measured, by the reference operator"
            ),
        )
    for state, when in ((record.state_before, "before"), (record.state_after, "after")):
        found = None if state is None else assess_heat(state)
        if found is not None and found.is_hot:
            capped = 1.0 if state is None or state.capped is None else state.capped
            yield Reason(
                percent=100 * (1 / capped - 1) if capped > 0 else 0.0,
                line=f"{record.device.name} was hot {when} the measuring: {found.text}",
            )


def _sample_reasons(model: ModelRecord) -> Iterator[Reason]:
    disturbed = [timed_round for timed_round in model.rounds if timed_round.disturbed]
    if disturbed and model.counted_rounds == model.rounds:
        yield Reason(
            percent=100 * model.spread,
            line=(
                f"{_label(model)}: every round was disturbed ({disturbed[-1].disturbed}); measure "
                "again when nothing else runs"
            ),
        )
    if model.spread > _UNSTABLE_SPREAD:
        yield Reason(
            percent=100 * model.spread,
            line=(
                f"{_label(model)}: its samples are far apart (half of them within "
                f"{model.spread:.0%} of {format_ms(model.latency_ms)})"
            ),
        )
    outputs = model.outputs
    if outputs is not None and outputs.max_rel > _ROUGH_OUTPUTS:
        yield Reason(
            percent=0.0,
            line=(
                f"{_label(model)}: its outputs differ from Paddle's by {outputs.max_rel:.1e} of "
                "their largest value, so it may compute something else than was predicted"
            ),
        )


def _table_reasons(record: DeploymentRecord, model: ModelRecord) -> Iterator[Reason]:
    """Reasons in the table itself: its origin, age and size, and how far beyond it a model is."""
    table = record.table
    if table is None:
        return
    context, device, versions = table.context, record.device, record.versions
    if context.provenance:
        line = f"the table was not measured here; it is imported: {context.provenance}"
        yield Reason(percent=0.0, line=line)
    for what, mine, theirs in (
        ("edgeslim", context.edgeslim, versions.edgeslim),
        ("device's serial number", context.unit, device.unit),
    ):
        if mine and theirs and mine != theirs:
            yield Reason(percent=0.0, line=f"the table's {what} is {mine}, and here {theirs}")
    if table.networks < 3:
        yield Reason(
            percent=0.0,
            line=(
                f"the table has {format_count(table.networks, 'whole network')}, too few to fit "
                "what networks add to their operators; edgeslim profile --model measures more"
            ),
        )
    if table.age_s is not None and table.age_s > _OLD_S:
        yield Reason(percent=0.0, line=f"the table is {table.age_s / 86400:.0f} days old")
    if model.predicted_interval_ms is None:
        return
    low, high = model.predicted_interval_ms
    beyond = max(low - model.latency_ms, model.latency_ms - high) / model.latency_ms
    yield Reason(
        percent=0.0,
        line=(
            f"{_label(model)}: measured {format_ms(model.latency_ms)} is {beyond:.1%} beyond the "
            f"predicted {format_ms(low)} to {format_ms(high)}, which one of ten networks is by "
            "chance"
        ),
    )


def _percent_of_latency(
    model: ModelRecord, some: Iterable[OperatorRecord], error: Callable[[OperatorRecord], float]
) -> float:
    """Errors of some operators in percent of the latency, if all have the same sign."""
    return (
        100
        * sum((operator.total_ms or 0.0) * error(operator) for operator in some)
        / model.latency_ms
    )


def _count(some: Iterable[OperatorRecord], one: str, many: str) -> str:
    return format_count(sum(operator.count for operator in some), one, many)


def _names(operators: Sequence[OperatorRecord]) -> str:
    """Text with the most expensive of some operators."""
    first = sorted(operators, key=lambda operator: -(operator.total_ms or 0.0))[:_NAMED]
    more = len(operators) - len(first)
    return ", ".join(str(operator.operator) for operator in first) + (
        f" and {more} more" if more else ""
    )


def _label(model: ModelRecord) -> str:
    return f"{model.name} in {format_variant(model.precision, model.threads)}"
