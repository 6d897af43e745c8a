"""What got slower or faster between two latency tables, operator by operator."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from edgeslim.deployment.statistics import LEVEL, Difference, difference, discoveries
from edgeslim.latency_table import LatencyTable, NetworkRow, OperatorRow
from edgeslim.opspec import OpSpec

__all__ = ["OperatorDifference", "TableComparison", "compare_tables"]

_MARGIN = 0.03


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorDifference:
    """One operator in two tables.

    Args:
        operator: Kind, shapes and attributes.
        before_ms, after_ms: Mean over the cache states that both have.
        p_value: Probability of such a difference where there is none.
        is_discovery: Whether the difference is significant among all operators of the tables.
    """

    operator: OpSpec
    before_ms: float
    after_ms: float
    p_value: float
    is_discovery: bool

    @property
    def ratio(self) -> float:
        """How many times as long it takes."""
        return self.after_ms / self.before_ms


@dataclass(frozen=True, kw_only=True, slots=True)
class TableComparison:
    """Two tables beside each other.

    Args:
        context: The first thing that their contexts differ in, or nothing.
        operators: Those in both, the most changed first.
        ratio: Median over them of the latency after over that before; 1 if there are none.
        p_value: Probability of such a shift of all of them where there is none.
        speed: Latency of the reference operator after over before; None if that is not known.
        networks: Whole networks that are in both, by name.
        only_before, only_after: Operators that are in one alone.
    """

    context: str
    operators: tuple[OperatorDifference, ...]
    ratio: float
    p_value: float
    speed: float | None
    networks: Mapping[str, Difference]
    only_before: tuple[OpSpec, ...]
    only_after: tuple[OpSpec, ...]


def compare_tables(
    before: LatencyTable, after: LatencyTable, *, level: float = LEVEL
) -> TableComparison:
    """Compares two tables by what they measured.

    All rows of a table are brought to one speed of the device by the reference operator, as
    predictions do; two tables of the same context (device, library, threads, settings) are brought
    to the speed of the first: a device that is slower as a whole shows in `speed` and nowhere
    else. Where contexts differ the reference operator is part of the difference, and each table
    stays at its own speed.

    A row of a table is one pass over an operator, in a process of its own, and so an independent
    observation. An operator has two or three, too few to estimate its noise from; so all operators
    of both tables are taken to have the same noise, pooled over their passes (Student's t with
    pooled variance), and of the many tests as many are called discoveries as keep false alarms
    below ``1 - level`` of them (`edgeslim.deployment.statistics.discoveries`).
    Whether all operators are shifted is Wilcoxon's signed-rank test of their ratios.
    """
    context = before.context.difference(after.context)
    speed = _speed(before, after)
    speeds_ms = (
        before.reference_ms,
        before.reference_ms if speed and not context else after.reference_ms,
    )
    first, second = (
        _passes(table, speed_ms) for table, speed_ms in zip((before, after), speeds_ms, strict=True)
    )
    both = [spec for spec in first if spec in second]
    logs = [_logs(first[spec], second[spec]) for spec in both]
    pairs = [(spec, *pair) for spec, pair in zip(both, logs, strict=True) if pair is not None]
    noise, freedom = _noise([values for _, *sides in pairs for values in sides])
    p_values = [_p_value(one, other, noise, freedom) for _, one, other in pairs]
    found = [
        OperatorDifference(
            operator=spec,
            before_ms=math.exp(float(np.mean(one))),
            after_ms=math.exp(float(np.mean(other))),
            p_value=p_value,
            is_discovery=is_discovery,
        )
        for (spec, one, other), p_value, is_discovery in zip(
            pairs, p_values, discoveries(p_values, level=level), strict=True
        )
    ]
    shifts = np.array([math.log(operator.ratio) for operator in found])
    return TableComparison(
        context=context,
        operators=tuple(sorted(found, key=lambda operator: -abs(math.log(operator.ratio)))),
        ratio=math.exp(float(np.median(shifts))) if shifts.size else 1.0,
        p_value=float(stats.wilcoxon(shifts).pvalue) if np.any(shifts) else 1.0,
        speed=speed,
        networks=_networks(before, after, speeds_ms, level),
        only_before=tuple(spec for spec in first if spec not in second),
        only_after=tuple(spec for spec in second if spec not in first),
    )


_Pass = Mapping[int, float]
"""Latency in ms of one pass by the bytes swept."""


def _passes(table: LatencyTable, speed_ms: float) -> dict[OpSpec, list[_Pass]]:
    found: dict[OpSpec, list[_Pass]] = {}
    for row in table.rows:
        if isinstance(row, OperatorRow):
            factor = _factor(speed_ms, row.reference_ms)
            found.setdefault(row.operator, []).append(
                {
                    measurement.cache.swept_bytes: measurement.latency_ms * factor
                    for measurement in row.measurements
                }
            )
    return found


def _factor(speed_ms: float, reference_ms: float) -> float:
    return speed_ms / reference_ms if speed_ms > 0 and reference_ms > 0 else 1.0


def _logs(
    before: Sequence[_Pass], after: Sequence[_Pass]
) -> tuple[list[float], list[float]] | None:
    """The logarithm of the mean over cache states that all passes have; None without any."""
    states = set.intersection(*(set(one_pass) for one_pass in (*before, *after)))
    if not states:
        return None
    one, other = (
        [math.log(sum(one_pass[state] for state in states) / len(states)) for one_pass in passes]
        for passes in (before, after)
    )
    return one, other


def _noise(groups: Sequence[Sequence[float]]) -> tuple[float, int]:
    """Standard deviation of one pass, pooled over all operators, and its degrees of freedom."""
    freedom = sum(len(group) - 1 for group in groups)
    squares = sum(len(group) * float(np.var(group)) for group in groups)
    return (math.sqrt(squares / freedom), freedom) if freedom else (0.0, 0)


def _p_value(one: Sequence[float], other: Sequence[float], noise: float, freedom: int) -> float:
    if noise <= 0:
        return 1.0  # a single pass each says nothing of noise
    error = noise * math.sqrt(1 / len(one) + 1 / len(other))
    shift = abs(float(np.mean(other)) - float(np.mean(one)))
    return float(2 * stats.t.sf(shift / error, freedom))


def _speed(before: LatencyTable, after: LatencyTable) -> float | None:
    one, other = before.reference_ms, after.reference_ms
    return other / one if one > 0 and other > 0 else None


def _networks(
    before: LatencyTable, after: LatencyTable, speeds_ms: tuple[float, float], level: float
) -> dict[str, Difference]:
    """Networks of the same name and operators; a row is what is independent."""
    sides = [
        {
            name: [
                math.log(row.latency_ms * _factor(speed_ms, row.reference_ms))
                for row in table.rows
                if isinstance(row, NetworkRow)
                and row.name == name
                and row.graph.specs == network.graph.specs
            ]
            for name, network in table.networks.items()
        }
        for table, speed_ms in zip((before, after), speeds_ms, strict=True)
    ]
    return {
        name: difference(rows, sides[1][name], level=level, margin=_MARGIN)
        for name, rows in sides[0].items()
        if name in after.networks
        and before.networks[name].graph.specs == after.networks[name].graph.specs
    }
