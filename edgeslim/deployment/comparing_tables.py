"""What got slower or faster between two latency tables, operator by operator."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from edgeslim.deployment.statistics import LEVEL, Difference, believable, difference
from edgeslim.latency_table import LatencyTable, NetworkRow, OperatorRow
from edgeslim.opspec import OpSpec

__all__ = ["OperatorDifference", "TableComparison", "compare_tables"]

_MARGIN = 0.03


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorDifference:
    """One operator in two tables.

    Args:
        operator: What it is.
        before_ms, after_ms: Mean over the cache states that both have.
        p_value: How likely such a difference is where there is none.
        believed: Whether it is one, among all operators of the two.
    """

    operator: OpSpec
    before_ms: float
    after_ms: float
    p_value: float
    believed: bool

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
        p_value: How likely they are all shifted as much where nothing is.
        speed: What the reference operator took after over before; None is not known.
        networks: Whole networks in both.
        only_before, only_after: Operators in one alone.
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
    predictions do; of two tables of the same context (device, library, threads, settings) to the
    same speed, that of the first: a device that is slower as a whole is in `speed` and nowhere
    else. Of different contexts the reference operator is part of the difference, and each table
    stays at its own speed.

    A row of a table is one pass over an operator, in a process of its own, and that is what is
    independent. An operator has two or three, too few to know its noise by; so the noise is
    taken to be one in all operators and both tables, pooled over the passes of each (Student's
    t with pooled variance), and of the many tests those are believed that keep false alarms
    below ``1 - level`` of what is believed (`edgeslim.deployment.statistics.believable`).
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
            believed=believed,
        )
        for (spec, one, other), p_value, believed in zip(
            pairs, p_values, believable(p_values, level=level), strict=True
        )
    ]
    shifts = np.array([math.log(each.ratio) for each in found])
    return TableComparison(
        context=context,
        operators=tuple(sorted(found, key=lambda each: -abs(math.log(each.ratio)))),
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
                {each.cache.swept_bytes: each.latency_ms * factor for each in row.measurements}
            )
    return found


def _factor(speed_ms: float, reference_ms: float) -> float:
    return speed_ms / reference_ms if speed_ms > 0 and reference_ms > 0 else 1.0


def _logs(
    before: Sequence[_Pass], after: Sequence[_Pass]
) -> tuple[list[float], list[float]] | None:
    """The logarithm of the mean over cache states that all passes have; None without any."""
    states = set.intersection(*(set(each) for each in (*before, *after)))
    if not states:
        return None
    one, other = (
        [math.log(sum(each[state] for state in states) / len(states)) for each in passes]
        for passes in (before, after)
    )
    return one, other


def _noise(groups: Sequence[Sequence[float]]) -> tuple[float, int]:
    """Standard deviation of one pass, pooled over all operators, and its degrees of freedom."""
    freedom = sum(len(each) - 1 for each in groups)
    squares = sum(len(each) * float(np.var(each)) for each in groups)
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
