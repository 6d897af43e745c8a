"""Why a prediction and a measurement differ, as far as a record can tell.

Each reason says by how many percent of the latency it may move the two apart, so that what may
explain most comes first. What cannot be put into a number has none and comes last. Whatever the
difference is, things that make any comparison doubtful are said: the outputs, the samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from edgeslim.deployment.deployed import told_way
from edgeslim.device_state.heat import heat
from edgeslim.durations import format_ms
from edgeslim.runs.deployment_records import (
    DeploymentRecord,
    Known,
    ModelRecord,
    OperatorRecord,
    TableRecord,
)

__all__ = ["Reason", "differs", "reasons_of"]

_NOTABLE_SPEED = 0.02
_UNSTABLE_SPREAD = 0.10
_ROUGH_OUTPUTS = 1e-3
_OLD_S = 30 * 86400.0
_NAMED = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """One reason.

    Args:
        percent: Of the latency that it may explain; 0 is not known.
        line: For people.
    """

    percent: float
    line: str


def differs(model: ModelRecord) -> bool:
    """Whether the measurement is outside the interval of the prediction."""
    if model.predicted_interval_ms is None:
        return False
    low, high = model.predicted_interval_ms
    return not low <= model.latency_ms <= high


def reasons_of(record: DeploymentRecord) -> tuple[Reason, ...]:
    """Why predicted and measured differ, what may explain most first.

    Of a model whose measurement is within the interval of its prediction nothing is to be
    explained; of one that has no prediction though there is a table, it is said why not.
    """
    found: dict[str, Reason] = {}
    for model in record.models:
        for reason in _of_model(record, model):
            found.setdefault(reason.line, reason)
    return tuple(sorted(found.values(), key=lambda each: -each.percent))


def _of_model(record: DeploymentRecord, model: ModelRecord) -> Iterator[Reason]:
    if record.table is None:
        return
    known = [each for each in model.operators if each.known is not Known.NO_TABLE]
    if not known:
        yield Reason(percent=0.0, line=_another_way(record.table, model))
        return
    missing = [each for each in known if each.known is Known.MISSING]
    if missing:
        yield _missing(model, missing)
    if not differs(model):
        return
    yield from _operators(model, known)
    yield from _speed(record, model)
    yield from _samples(model)
    yield from _table(record, model)


def _another_way(table: TableRecord, model: ModelRecord) -> str:
    context = table.context
    return (
        f"{_name(model)} has no prediction, for the table is of {context.device} "
        f"({context.execution})"
    )


def _missing(model: ModelRecord, missing: Sequence[OperatorRecord]) -> Reason:
    count = sum(each.count for each in missing)
    whole = sum(each.count for each in model.operators)
    return Reason(
        percent=100 * count / whole,
        line=(
            f"{_name(model)}: the table knows nothing of {count} of {whole} operators "
            f"({_some(missing)}); edgeslim profile --model measures them"
        ),
    )


def _operators(model: ModelRecord, known: Sequence[OperatorRecord]) -> Iterator[Reason]:
    """What is known of operators badly, by how much of the latency may be wrong for it."""
    outside = [each for each in known if each.outside]
    if outside:
        yield Reason(
            percent=_share(model, outside, lambda each: max(each.error, 0.1)),
            line=(
                f"{_name(model)}: {_count(outside)} operators are beyond all that the table "
                f"measured ({_some(outside)}: {outside[0].outside}); measure nearer ones"
            ),
        )
    guessed = [each for each in known if each.known is Known.INTERPOLATED and not each.outside]
    percent = _share(model, guessed, lambda each: each.error)
    if guessed:
        yield Reason(
            percent=percent,
            line=(
                f"{_name(model)}: {_count(guessed)} operators are interpolated, and may be off by "
                f"{percent:.1f} % of the latency together ({_some(guessed)})"
            ),
        )
    unsteady = [each for each in known if each.unsteady]
    if unsteady:
        yield Reason(
            percent=_share(model, unsteady, lambda _: 0.1),
            line=(
                f"{_name(model)}: {_count(unsteady)} operators were measured unsteadily for the "
                f"table ({_some(unsteady)}: {unsteady[0].unsteady})"
            ),
        )
    left_out = [each for each in known if each.known is Known.LEFT_OUT]
    if left_out:
        yield Reason(
            percent=0.0,
            line=f"{_name(model)}: tables of this convention leave out {_some(left_out)}",
        )


def _speed(record: DeploymentRecord, model: ModelRecord) -> Iterator[Reason]:
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
        found = None if state is None else heat(state)
        if found is not None and found.hot:
            capped = 1.0 if state is None or state.capped is None else state.capped
            yield Reason(
                percent=100 * (1 / capped - 1) if capped > 0 else 0.0,
                line=f"{record.device.name} was hot {when} the measuring: {found.text}",
            )


def _samples(model: ModelRecord) -> Iterator[Reason]:
    disturbed = [each for each in model.rounds if each.disturbed]
    if disturbed and model.counted == model.rounds:
        yield Reason(
            percent=100 * model.spread,
            line=(
                f"{_name(model)}: every round was disturbed ({disturbed[-1].disturbed}); measure "
                "again when nothing else runs"
            ),
        )
    if model.spread > _UNSTABLE_SPREAD:
        yield Reason(
            percent=100 * model.spread,
            line=(
                f"{_name(model)}: its samples are far apart (half of them within "
                f"{model.spread:.0%} of {format_ms(model.latency_ms)})"
            ),
        )
    outputs = model.outputs
    if outputs is not None and outputs.max_rel > _ROUGH_OUTPUTS:
        yield Reason(
            percent=0.0,
            line=(
                f"{_name(model)}: its outputs differ from Paddle's by {outputs.max_rel:.1e} of "
                "their largest value, so it may compute something else than was predicted"
            ),
        )


def _table(record: DeploymentRecord, model: ModelRecord) -> Iterator[Reason]:
    """What of the table is another than here; where its context is, nothing was predicted."""
    table = record.table
    if table is None:
        return
    context, device, versions = table.context, record.device, record.versions
    if context.simulated or context.provenance:
        made = "simulated" if context.simulated else f"imported: {context.provenance}"
        yield Reason(percent=0.0, line=f"the table was not measured here; it is {made}")
    for what, mine, theirs in (
        ("edgeslim", context.edgeslim, versions.edgeslim),
        ("device's serial number", context.unit, device.unit),
    ):
        if mine and theirs and mine != theirs:
            yield Reason(percent=0.0, line=f"the table's {what} is {mine}, and here {theirs}")
    if table.networks < 2:
        yield Reason(
            percent=0.0,
            line=(
                f"the table has {table.networks} whole networks, too few to fit what networks add "
                "to their operators; edgeslim profile --model measures more"
            ),
        )
    if table.age_s is not None and table.age_s > _OLD_S:
        yield Reason(percent=0.0, line=f"the table is {table.age_s / 86400:.0f} days old")
    low, high = model.predicted_interval_ms or (0.0, 0.0)
    beyond = max(low - model.latency_ms, model.latency_ms - high) / model.latency_ms
    yield Reason(
        percent=0.0,
        line=(
            f"{_name(model)}: measured {format_ms(model.latency_ms)} is {beyond:.1%} beyond the "
            f"predicted {format_ms(low)} to {format_ms(high)}, which one of ten networks is by "
            "chance"
        ),
    )


def _share(
    model: ModelRecord, some: Iterable[OperatorRecord], error: Callable[[OperatorRecord], float]
) -> float:
    """Percent of the latency that errors of some operators are, if they all go one way."""
    return 100 * sum((each.total_ms or 0.0) * error(each) for each in some) / model.latency_ms


def _count(some: Iterable[OperatorRecord]) -> int:
    return sum(each.count for each in some)


def _some(operators: Sequence[OperatorRecord]) -> str:
    """The most expensive of them, by name."""
    first = sorted(operators, key=lambda each: -(each.total_ms or 0.0))[:_NAMED]
    more = len(operators) - len(first)
    return ", ".join(str(each.operator) for each in first) + (f" and {more} more" if more else "")


def _name(model: ModelRecord) -> str:
    return f"{model.name} in {told_way(model.precision, model.threads)}"
