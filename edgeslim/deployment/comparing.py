"""What got slower or faster between two deployments, and which operators explain it.

Models are matched by name and way; where names differ and there is but one of a way on each
side, these two. What is compared depends on what else changed between the two:

- The same device, library and settings, and the same network as baseline in both: the latency
  relative to the baseline, round by round. Whatever the machine does from day to day is in both
  and falls out, so that small differences can be told.
- The same device, library and settings, without that: the latency over that of the reference
  operator, which takes out how fast the device is, and not what others leave of its caches.
- Anything else: the latency as measured, for the difference may be in all that runs there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from edgeslim.deployment.speedup import Statistic, paired_rounds, round_logs, statistic_for
from edgeslim.deployment.statistics import LEVEL, Difference, Logs, difference
from edgeslim.execution import Precision
from edgeslim.opspec import OpSpec
from edgeslim.runs.deployment_records import DeploymentRecord, ModelRecord, Role

__all__ = [
    "Basis",
    "Comparison",
    "ModelComparison",
    "OperatorChange",
    "changed_operators",
    "compare",
    "same_network",
]

_ENOUGH = 4
"""Deployments of each side from which on these, and not their rounds, are compared: fewer
cannot be told apart at 5 % by ranks."""


class Basis(str, Enum):
    """What of a model is compared."""

    BASELINE = "relative to the baseline"
    REFERENCE = "relative to the reference operator"
    MEASURED = "as measured"


_MARGINS = {Basis.BASELINE: 0.015, Basis.REFERENCE: 0.04, Basis.MEASURED: 0.04}
"""By how much two deployments of the same model may differ whatever their rounds say: about twice
the standard deviation of the difference of two, as `benchmarks/deployment_repeatability.py` found
it on a quiet machine (0.8, 1.7 and 1.8 %; docs/proof.md)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorChange:
    """An operator in two networks, or in two tables.

    Args:
        operator: What it is.
        counts: How often it occurs before and after.
        before_ms: All occurrences together, as predicted then; None if that is not known.
        after_ms: Likewise, after.
    """

    operator: OpSpec
    counts: tuple[int, int]
    before_ms: float | None
    after_ms: float | None

    @property
    def change_ms(self) -> float:
        """What it adds; 0 if that is not known."""
        if self.before_ms is None or self.after_ms is None:
            return 0.0
        return self.after_ms - self.before_ms


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelComparison:
    """One model in one way, before and after.

    Args:
        before, after: The records.
        basis: What of them is compared.
        statistic: What of each round's samples.
        difference: The result: its ratio is of that.
        of_deployments: Whether whole deployments are compared, and not rounds of one.
        operators: Whose predicted latency differs, those that differ most first.
    """

    before: ModelRecord
    after: ModelRecord
    basis: Basis
    statistic: Statistic
    difference: Difference
    of_deployments: bool
    operators: tuple[OperatorChange, ...]

    @property
    def verdict(self) -> str:
        """``slower``, ``faster`` or ``no difference``."""
        return self.difference.verdict

    @property
    def same_network(self) -> bool:
        """Whether both are of the same operators, so that none of them explains anything."""
        return same_network(self.before, self.after)


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Two deployments, or histories of them, beside each other.

    Args:
        before, after: The newest of each.
        models: What is in both.
        only_before, only_after: What is not.
        changes: What else is another, a line each: versions, device, table, settings.
    """

    before: DeploymentRecord
    after: DeploymentRecord
    models: tuple[ModelComparison, ...]
    only_before: tuple[ModelRecord, ...]
    only_after: tuple[ModelRecord, ...]
    changes: tuple[str, ...]


def compare(
    before: Sequence[DeploymentRecord],
    after: Sequence[DeploymentRecord],
    *,
    level: float = LEVEL,
) -> Comparison:
    """Compares two deployments, or two histories.

    With one deployment of each side, or few, the rounds of the newest are what is independent;
    with four of each or more the deployments are, and nothing has to be taken for granted of
    how alike two days are.

    Args:
        before: The oldest first, at least one.
        after: Likewise.
        level: One minus the share of false alarms.
    """
    pairs, only_before, only_after = _matched(before[-1].models, after[-1].models)
    return Comparison(
        before=before[-1],
        after=after[-1],
        models=tuple(_compared(before, after, *pair, level) for pair in pairs),
        only_before=tuple(only_before),
        only_after=tuple(only_after),
        changes=_changes(before[-1], after[-1]),
    )


_Way = tuple[Role, Precision, int]


def _way(model: ModelRecord) -> _Way:
    return model.role, model.precision, model.threads


def _matched(
    before: Sequence[ModelRecord], after: Sequence[ModelRecord]
) -> tuple[list[tuple[ModelRecord, ModelRecord]], list[ModelRecord], list[ModelRecord]]:
    """Models in both, and those in one alone."""
    named = {(each.name, *_way(each)): each for each in after}
    pairs = [
        (each, other)
        for each in before
        if (other := named.get((each.name, *_way(each)))) is not None
    ]
    rest_before = [each for each in before if all(each is not one for one, _ in pairs)]
    rest_after = [each for each in after if all(each is not other for _, other in pairs)]
    for each in list(rest_before):
        alike = [other for other in rest_after if _way(other) == _way(each)]
        if len(alike) == 1 and sum(_way(other) == _way(each) for other in rest_before) == 1:
            pairs.append((each, alike[0]))
            rest_before.remove(each)
            rest_after.remove(alike[0])
    return pairs, rest_before, rest_after


def _compared(
    before: Sequence[DeploymentRecord],
    after: Sequence[DeploymentRecord],
    one: ModelRecord,
    other: ModelRecord,
    level: float,
) -> ModelComparison:
    basis = _basis(before[-1], after[-1], one, other)
    statistic = _statistic((before[-1], one), (after[-1], other))
    sides = [
        _repeated(before, one, basis, statistic),
        _repeated(after, other, basis, statistic),
    ]
    many = min(len(side) for side in sides) >= _ENOUGH
    logs = [np.array([each.mean() for each in side]) if many else side[-1] for side in sides]
    return ModelComparison(
        before=one,
        after=other,
        basis=basis,
        statistic=statistic,
        difference=difference(*logs, level=level, margin=_MARGINS[basis]),
        of_deployments=many,
        operators=changed_operators(one, other),
    )


def _repeated(
    records: Sequence[DeploymentRecord],
    model: ModelRecord,
    basis: Basis,
    statistic: Statistic,
) -> list[Logs]:
    """The rounds of every deployment of the same network in the same surroundings.

    The last is the newest deployment, which is one of them.
    """
    newest = records[-1]
    found = []
    for record in records:
        if _surroundings(record) != _surroundings(newest):
            continue
        for each in record.models:
            if each.role is not model.role or not same_network(each, model):
                continue
            one, other = _baseline(record, each), _baseline(newest, model)
            if basis is Basis.BASELINE and (
                one is None or other is None or not same_network(one, other)
            ):
                continue
            found.append(_logs(each, one, basis, statistic))
    return [logs for logs in found if logs.size]


def _logs(
    model: ModelRecord, baseline: ModelRecord | None, basis: Basis, statistic: Statistic
) -> Logs:
    """One number a round, larger where the model is slower."""
    if basis is Basis.BASELINE and baseline is not None:
        return -paired_rounds(model, baseline, statistic)
    logs = round_logs(model, statistic)
    if basis is Basis.REFERENCE:
        timed = {each.round: each.reference_ms for each in model.rounds if each.reference_ms > 0}
        return np.array([logs[each] - np.log(timed[each]) for each in logs if each in timed])
    return np.array(list(logs.values()))


def _baseline(record: DeploymentRecord, model: ModelRecord) -> ModelRecord | None:
    if model.role is Role.BASELINE:
        return None
    alike = [each for each in record.models if each.role is Role.BASELINE]
    return next((each for each in alike if each.threads == model.threads), None)


def same_network(one: ModelRecord, other: ModelRecord) -> bool:
    """Whether two files run the same operators in the same way, whatever their weights are.

    A network by name has other weights each time it is built, and latencies are not of weights.
    """
    if one.sha256 == other.sha256:
        return _way(one) == _way(other)
    first, second = (
        (
            each.precision,
            each.threads,
            each.kernels,
            each.size_bytes,
            [(found.operator, found.places) for found in each.operators],
        )
        for each in (one, other)
    )
    return bool(one.operators) and first == second


def _statistic(*sides: tuple[DeploymentRecord, ModelRecord]) -> Statistic:
    """Medians only if both deployments were quiet enough: one thing is compared, not two."""
    chosen = {
        statistic_for(model, *([] if (other := _baseline(record, model)) is None else [other]))
        for record, model in sides
    }
    return Statistic.SHORTEST if Statistic.SHORTEST in chosen else Statistic.MEDIAN


def _basis(
    before: DeploymentRecord, after: DeploymentRecord, one: ModelRecord, other: ModelRecord
) -> Basis:
    if _surroundings(before) != _surroundings(after):
        return Basis.MEASURED
    mine, theirs = _baseline(before, one), _baseline(after, other)
    if (
        mine is not None
        and theirs is not None
        and same_network(mine, theirs)
        and min(paired_rounds(one, mine).size, paired_rounds(other, theirs).size) > 0
    ):
        return Basis.BASELINE
    timed = [each.reference_ms > 0 for model in (one, other) for each in model.counted]
    return Basis.REFERENCE if all(timed) else Basis.MEASURED


def _surroundings(record: DeploymentRecord) -> dict[str, object]:
    """Everything that all models of a deployment depend on, by what it is called."""
    return {
        "device": record.device.name,
        "hardware": record.device.hardware,
        "serial number": record.device.unit,
        "settings": ", ".join(record.device.settings),
        "Paddle-Lite": record.versions.library,
        "runner": record.versions.runner,
        "power mode": record.power_mode.value,
    }


def _changes(before: DeploymentRecord, after: DeploymentRecord) -> tuple[str, ...]:
    """What is another in the two, of all that is known."""
    sides = []
    for record in (before, after):
        versions = record.versions
        sides.append(
            {
                **_surroundings(record),
                "edgeslim": versions.edgeslim,
                "paddlepaddle": versions.paddlepaddle,
                "NumPy": versions.numpy,
                "Python": versions.python,
                "table": "none" if record.table is None else record.table.digest,
            }
        )
    return tuple(
        f"{what}: {mine or 'none'}, then {sides[1][what] or 'none'}"
        for what, mine in sides[0].items()
        if mine != sides[1][what]
    )


def changed_operators(before: ModelRecord, after: ModelRecord) -> tuple[OperatorChange, ...]:
    """Operators that occur in one alone, or more often, or that are predicted otherwise.

    What changes the latency most comes first; what is not known comes last.
    """
    sides = [{each.operator: each for each in model.operators} for model in (before, after)]
    changes = []
    for spec in dict.fromkeys([*sides[0], *sides[1]]):
        found = [side.get(spec) for side in sides]
        totals = [0.0 if each is None else each.total_ms for each in found]
        counts = [0 if each is None else each.count for each in found]
        if totals[0] == totals[1] and counts[0] == counts[1]:
            continue
        changes.append(
            OperatorChange(
                operator=spec,
                counts=(counts[0], counts[1]),
                before_ms=totals[0],
                after_ms=totals[1],
            )
        )
    return tuple(sorted(changes, key=lambda each: -abs(each.change_ms)))
