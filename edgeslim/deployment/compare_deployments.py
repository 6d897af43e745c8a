"""What got slower or faster between two deployments, and which operators explain it.

Models are matched by name and variant (role, precision, threads); where names differ, the only
two of a variant are a pair, unless they are baselines: two of those are only the same yardstick if
they are the same network. What is compared depends on what else changed between the two:

- The same device, library and settings, and the same network as baseline in both: the latency
  relative to the baseline, round by round. Whatever the machine does from day to day is in both
  and cancels, so that small differences can be seen.
- The same device, library and settings, without that: the latency over that of the reference
  operator. This removes the speed of the device, but not what other programs leave of its caches.
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
from edgeslim.runs.deployment_records import DeploymentRecord, ModelRecord, ModelRole

__all__ = [
    "Basis",
    "Comparison",
    "ModelComparison",
    "OperatorChange",
    "changed_operators",
    "compare",
    "same_network",
]

_ENOUGH_DEPLOYMENTS = 4
"""Deployments of each side from which on these, and not their rounds, are compared: ranks of fewer
cannot show a difference at 5 %."""


class Basis(str, Enum):
    """Which number of a model is compared."""

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
        operator: Kind, shapes and attributes.
        counts: How often it occurs before and after.
        before_ms: Predicted latency of all its occurrences before; None if that is not known.
        after_ms: Predicted latency of all its occurrences after; None if that is not known.
    """

    operator: OpSpec
    counts: tuple[int, int]
    before_ms: float | None
    after_ms: float | None

    @property
    def change_ms(self) -> float:
        """Latency that it adds in ms; 0 if that is not known."""
        if self.before_ms is None or self.after_ms is None:
            return 0.0
        return self.after_ms - self.before_ms


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelComparison:
    """One variant of a model, before and after.

    Args:
        before, after: The records of both deployments.
        basis: Which number of them is compared.
        statistic: Which statistic of each round's samples.
        difference: The result; its ratio is after over before.
        of_deployments: Whether whole deployments are compared, and not rounds of one.
        operators: Operators whose predicted latency differs, those that differ most first.
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
        before, after: The newest deployment of each side.
        models: Variants of models that are in both.
        only_before, only_after: Variants of models that are in one alone.
        changes: What else differs, a line each: versions, device, table, settings.
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

    With one deployment of each side, or few, the rounds of the newest are the independent
    observations; with four of each or more the deployments are, and nothing has to be assumed
    about how alike two days are.

    Args:
        before: Deployments of the first side, the oldest first, at least one.
        after: Deployments of the second side, the oldest first, at least one.
        level: One minus the share of false alarms.
    """
    pairs, only_before, only_after = _match_models(before[-1].models, after[-1].models)
    return Comparison(
        before=before[-1],
        after=after[-1],
        models=tuple(_compare_models(before, after, *pair, level) for pair in pairs),
        only_before=tuple(only_before),
        only_after=tuple(only_after),
        changes=_changes(before[-1], after[-1]),
    )


_Variant = tuple[ModelRole, Precision, int]


def _variant(model: ModelRecord) -> _Variant:
    return model.role, model.precision, model.threads


def _match_models(
    before: Sequence[ModelRecord], after: Sequence[ModelRecord]
) -> tuple[list[tuple[ModelRecord, ModelRecord]], list[ModelRecord], list[ModelRecord]]:
    """Models in both, and those in one alone."""
    named = {(model.name, *_variant(model)): model for model in after}
    pairs = [
        (model, other)
        for model in before
        if (other := named.get((model.name, *_variant(model)))) is not None
        and (model.role is ModelRole.MODEL or same_network(model, other))
    ]
    rest_before = [model for model in before if all(model is not one for one, _ in pairs)]
    rest_after = [model for model in after if all(model is not other for _, other in pairs)]
    for model in [model for model in rest_before if model.role is ModelRole.MODEL]:
        alike = [other for other in rest_after if _variant(other) == _variant(model)]
        if (
            len(alike) == 1
            and sum(_variant(other) == _variant(model) for other in rest_before) == 1
        ):
            pairs.append((model, alike[0]))
            rest_before.remove(model)
            rest_after.remove(alike[0])
    return pairs, rest_before, rest_after


def _compare_models(
    before: Sequence[DeploymentRecord],
    after: Sequence[DeploymentRecord],
    one: ModelRecord,
    other: ModelRecord,
    level: float,
) -> ModelComparison:
    basis = _basis(before[-1], after[-1], one, other)
    statistic = _statistic((before[-1], one), (after[-1], other))
    sides = [
        _logs_of_repeats(before, one, basis, statistic),
        _logs_of_repeats(after, other, basis, statistic),
    ]
    many = min(len(side) for side in sides) >= _ENOUGH_DEPLOYMENTS
    logs = [np.array([rounds.mean() for rounds in side]) if many else side[-1] for side in sides]
    return ModelComparison(
        before=one,
        after=other,
        basis=basis,
        statistic=statistic,
        difference=difference(*logs, level=level, margin=_MARGINS[basis]),
        of_deployments=many,
        operators=changed_operators(one, other),
    )


def _logs_of_repeats(
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
        if _environment(record) != _environment(newest):
            continue
        for candidate in record.models:
            if candidate.role is not model.role or not same_network(candidate, model):
                continue
            one, other = _baseline(record, candidate), _baseline(newest, model)
            if basis is Basis.BASELINE and (
                one is None or other is None or not same_network(one, other)
            ):
                continue
            found.append(_logs(candidate, one, basis, statistic))
    return [logs for logs in found if logs.size]


def _logs(
    model: ModelRecord, baseline: ModelRecord | None, basis: Basis, statistic: Statistic
) -> Logs:
    """The logarithm of one number a round, larger where the model is slower."""
    if basis is Basis.BASELINE and baseline is not None:
        return -paired_rounds(model, baseline, statistic)
    logs = round_logs(model, statistic)
    if basis is Basis.REFERENCE:
        times = {run.round: run.reference_ms for run in model.rounds if run.reference_ms > 0}
        return np.array([logs[n] - np.log(times[n]) for n in logs if n in times])
    return np.array(list(logs.values()))


def _baseline(record: DeploymentRecord, model: ModelRecord) -> ModelRecord | None:
    if model.role is ModelRole.BASELINE:
        return None
    alike = [other for other in record.models if other.role is ModelRole.BASELINE]
    return next((other for other in alike if other.threads == model.threads), None)


def same_network(one: ModelRecord, other: ModelRecord) -> bool:
    """Whether two files run the same operators with the same kernels and threads.

    Weights may differ: a network by name has others each time it is built, and latency does not
    depend on them.
    """
    if one.sha256 == other.sha256:
        return _variant(one) == _variant(other)
    first, second = (
        (
            model.precision,
            model.threads,
            model.kernels,
            model.size_bytes,
            [(found.operator, found.places) for found in model.operators],
        )
        for model in (one, other)
    )
    return bool(one.operators) and first == second


def _statistic(*sides: tuple[DeploymentRecord, ModelRecord]) -> Statistic:
    """Medians if both deployments were quiet enough, else the shortest samples of both."""
    chosen = {
        statistic_for(model, *([] if (other := _baseline(record, model)) is None else [other]))
        for record, model in sides
    }
    return Statistic.SHORTEST if Statistic.SHORTEST in chosen else Statistic.MEDIAN


def _basis(
    before: DeploymentRecord, after: DeploymentRecord, one: ModelRecord, other: ModelRecord
) -> Basis:
    if _environment(before) != _environment(after):
        return Basis.MEASURED
    mine, theirs = _baseline(before, one), _baseline(after, other)
    if (
        mine is not None
        and theirs is not None
        and same_network(mine, theirs)
        and min(paired_rounds(one, mine).size, paired_rounds(other, theirs).size) > 0
    ):
        return Basis.BASELINE
    timed = all(run.reference_ms > 0 for model in (one, other) for run in model.counted_rounds)
    return Basis.REFERENCE if timed else Basis.MEASURED


def _environment(record: DeploymentRecord) -> dict[str, object]:
    """Everything that all models of a deployment depend on, by its name for people."""
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
    """Everything that is known to differ between two deployments, a line each."""
    sides = []
    for record in (before, after):
        versions = record.versions
        sides.append(
            {
                **_environment(record),
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
    """Operators that occur in one network alone, or more often, or whose prediction differs.

    What changes the latency most comes first; what is not known comes last.
    """
    sides = [{row.operator: row for row in model.operators} for model in (before, after)]
    changes = []
    for spec in dict.fromkeys([*sides[0], *sides[1]]):
        found = [side.get(spec) for side in sides]
        totals = [0.0 if row is None else row.total_ms for row in found]
        counts = [0 if row is None else row.count for row in found]
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
    return tuple(sorted(changes, key=lambda change: -abs(change.change_ms)))
