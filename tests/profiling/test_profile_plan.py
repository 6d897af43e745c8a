"""Which operators a run measures: all, or as many as a budget and a deadline allow."""

from __future__ import annotations

import time
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from edgeslim.conversion.operator_jobs import null_operator
from edgeslim.errors import UsageError
from edgeslim.latency_table import FailedRow, LatencyTable
from edgeslim.opspec import OpSpec
from edgeslim.profiling.profile_plan import Budget, ProfilePlan
from tests.searching.made_up import made_up_ms
from tests.values import convolution, relu, row, table_at

SPECS = [convolution(c_in, c_out, 14) for c_in in (8, 16, 24) for c_out in range(4, 132, 4)]
USES = {spec: 1.0 + place % 3 for place, spec in enumerate(SPECS)}


@pytest.fixture
def table(tmp_path: Path) -> LatencyTable:
    return table_at(tmp_path / "table.jsonl")


def measured(plan: ProfilePlan, table: LatencyTable, *, groups: int = 100) -> list[OpSpec]:
    """What a plan gives while its groups are measured one after the other."""
    given = []
    for group in islice(plan.groups(table), groups):
        table.add(*(row(spec, made_up_ms(spec)) for spec in group))
        given += group
    return given


def test_without_a_budget_everything_is_measured_once(table: LatencyTable) -> None:
    plan = ProfilePlan(USES)
    assert plan.size(table) == len(SPECS) + 1
    given = measured(plan, table)
    assert Counter(given) == Counter([null_operator(), *SPECS])
    assert set(table) == {null_operator(), *SPECS}
    assert measured(ProfilePlan(USES), table) == []


def test_a_budget_counts_operators_of_earlier_runs(table: LatencyTable) -> None:
    small = ProfilePlan(USES, budget=Budget(operators=20))
    assert small.size(table) == 21, "the operator with nothing to do comes on top"
    measured(small, table)
    assert len(set(table) & set(SPECS)) == 20
    assert measured(ProfilePlan(USES, budget=Budget(operators=20)), table) == []
    first = set(table)
    measured(ProfilePlan(USES, budget=Budget(operators=50)), table)
    assert first < set(table)
    assert len(set(table) & set(SPECS)) == 50


def test_an_interrupted_run_ends_with_as_many(table: LatencyTable) -> None:
    measured(ProfilePlan(USES, budget=Budget(operators=60)), table, groups=1)
    assert 0 < len(table) < 60
    measured(ProfilePlan(USES, budget=Budget(operators=60)), table)
    assert len(set(table) & set(SPECS)) == 60


@pytest.mark.slow
def test_a_budget_beyond_what_there_is_measures_everything(table: LatencyTable) -> None:
    plan = ProfilePlan(USES, budget=Budget(operators=10_000))
    measured(plan, table)
    assert set(table) == {null_operator(), *SPECS}


def test_what_failed_is_not_tried_again(table: LatencyTable) -> None:
    table.add(*(FailedRow(operator=spec, reason="it hung") for spec in SPECS[:90]))
    given = measured(ProfilePlan(USES, budget=Budget(operators=96)), table)
    assert set(given) == {null_operator(), *SPECS[90:]}


def test_the_deadline_ends_it_and_some_time_can_be_kept(table: LatencyTable) -> None:
    plan = ProfilePlan(USES, deadline=time.monotonic() - 1)
    assert measured(plan, table) == []
    plan = ProfilePlan(USES, deadline=time.monotonic() + 3600)
    plan.reserve(3601)
    assert measured(plan, table) == []
    assert measured(ProfilePlan({relu(8): 1.0}, deadline=time.monotonic() + 3600), table)


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ({"operators": -3}, "the budget must be 0 operators or more, not -3"),
        ({"seconds": 0.0}, "the time must be above 0 s, not 0 s"),
    ],
)
def test_a_limit_of_nothing_is_refused(limit: dict[str, float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Budget(**limit)  # type: ignore[arg-type]  # parametrized
