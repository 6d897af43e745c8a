"""The best plan, against all plans there are and against HiGHS."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeslim.errors import InfeasibleTargetError, UsageError
from edgeslim.pruning.solver import ChoiceProblem, Factor, OverBudgetError, SumFactor, solve
from tests.pruning.solver.made_up import SHAPES, every_plan, made_up, milp_loss


def budgets(costs: np.ndarray, count: int) -> list[float]:
    """From one that only the cheapest plan meets to one that all meet."""
    return [float(np.quantile(costs, share, method="lower")) for share in np.linspace(0, 1, count)]


@pytest.mark.parametrize("whole", [False, True], ids=["any", "whole"])
@pytest.mark.parametrize("shape", SHAPES)
def test_small_problems_are_solved_as_by_trying_everything(shape: str, *, whole: bool) -> None:
    for seed in range(8):
        problem = made_up(shape, seed, whole=whole)
        losses, costs = every_plan(problem)
        for budget in budgets(costs, 4):
            solution = solve(problem, budget)
            assert solution.is_optimal
            assert solution.loss == pytest.approx(losses[costs <= budget].min(), rel=1e-9)
            assert solution.cost == problem.cost(solution.choices) <= budget
            assert solution.loss == problem.loss(solution.choices) >= solution.bound


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("shape", SHAPES)
def test_larger_problems_are_solved_as_by_highs(shape: str, seed: int) -> None:
    groups = 5 if shape in {"sums", "anything"} else 9
    assert_as_highs(made_up(shape, 100 + seed, groups=groups, most=5), 0.5)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shape", SHAPES)
def test_large_problems_are_solved_as_by_highs(shape: str, seed: int) -> None:
    groups = 5 if shape in {"sums", "anything"} else 15
    for share in (0.2, 0.6):
        assert_as_highs(made_up(shape, 200 + seed, groups=groups, most=8), share)


def between(problem: ChoiceProblem, share: float) -> float:
    """A budget between the least cost and the cost of the least loss."""
    with pytest.raises(OverBudgetError) as caught:
        solve(problem, -1.0)
    least, dearest = caught.value.cost, solve(problem, math.inf).cost
    return max(least, (1 - share) * least + share * dearest)


def assert_as_highs(problem: ChoiceProblem, share: float) -> None:
    budget = between(problem, share)
    solution = solve(problem, budget)
    assert solution.is_optimal
    # HiGHS takes a budget that is exceeded by 1e-6 for met, and 0.9999999 for 1.
    assert solution.loss <= milp_loss(problem, budget - 1e-5) + 1e-6
    assert solution.loss >= milp_loss(problem, budget + 1e-5) - 1e-6


@pytest.mark.parametrize("shape", SHAPES)
def test_a_budget_below_all_plans_says_what_is_possible(shape: str) -> None:
    for seed in range(5):
        problem = made_up(shape, seed)
        _, costs = every_plan(problem)
        with pytest.raises(OverBudgetError, match="the least possible is") as caught:
            solve(problem, float(np.nextafter(costs.min(), -np.inf)))
        assert isinstance(caught.value, InfeasibleTargetError)
        assert caught.value.cost == pytest.approx(costs.min())
        assert problem.cost(caught.value.choices) == caught.value.cost


@pytest.mark.parametrize(("shape", "groups", "most"), [("loop", 33, 12), ("sums", 12, 6)])
def test_networks_of_many_layers_are_proved(shape: str, groups: int, most: int) -> None:
    problem = made_up(shape, 3, groups=groups, most=most)
    budget = between(problem, 0.3)
    solution = solve(problem, budget)
    assert solution.is_optimal
    assert solution.loss > 0
    assert solution == solve(problem, budget)


def test_work_that_is_too_much_leaves_a_bound() -> None:
    problem = made_up("loop", 1, groups=9, most=6)
    full = problem.cost([len(losses) - 1 for losses in problem.losses])
    best = solve(problem, 0.6 * full)
    assert best.is_optimal
    for work_limit in (0, 5, 20, 100):
        some = solve(problem, 0.6 * full, work_limit=work_limit)
        assert some.bound <= best.loss <= some.loss
        assert some.cost <= 0.6 * full
    assert not solve(problem, 0.6 * full, work_limit=0).is_optimal


def test_subset_sums_are_not_solved_by_prices_alone() -> None:
    weights = np.random.default_rng(3).integers(1, 1000, 12).astype(np.float64)
    problem = ChoiceProblem(
        losses=tuple(np.array([weight, 0.0]) for weight in weights),
        factors=tuple(
            Factor(variables=(each,), costs=np.array([0.0, weight]))
            for each, weight in enumerate(weights)
        ),
    )
    losses, costs = every_plan(problem)
    for budget in budgets(costs, 7):
        assert solve(problem, budget).loss == losses[costs <= budget].min()


def test_equal_plans_are_chosen_between_in_the_same_way() -> None:
    problem = ChoiceProblem(
        losses=(np.ones(3),) * 6,
        factors=tuple(Factor(variables=(each,), costs=np.ones(3)) for each in range(6)),
    )
    first, second = solve(problem, 6.0), solve(problem, 6.0)
    assert first == second
    assert (first.loss, first.cost, first.is_optimal) == (6.0, 6.0, True)


def test_a_plan_that_rounding_puts_over_the_budget_is_not_taken() -> None:
    tenths = [0.1, 0.2, 0.3, 0.7, 0.6, 0.4]
    problem = ChoiceProblem(
        losses=tuple(np.array([1.0 + each, 0.0]) for each in tenths),
        factors=tuple(
            Factor(variables=(at,), costs=np.array([0.0, each])) for at, each in enumerate(tenths)
        ),
    )
    losses, costs = every_plan(problem)
    for budget in sorted({*costs, *np.nextafter(costs, 0)}):
        solution = solve(problem, float(budget))
        assert solution.cost <= budget
        assert solution.bound <= losses[costs <= budget].min() <= solution.loss + 1e-12


def test_nothing_to_choose_costs_the_constant() -> None:
    solution = solve(ChoiceProblem(losses=(), constant=2.0), 2.0)
    assert (solution.choices, solution.loss, solution.cost) == ((), 0.0, 2.0)
    with pytest.raises(OverBudgetError):
        solve(ChoiceProblem(losses=(), constant=2.0), 1.9)


def test_costs_below_zero_are_costs() -> None:
    problem = ChoiceProblem(
        losses=(np.array([0.0, 1.0]), np.array([0.0, 1.0])),
        factors=(Factor(variables=(0, 1), costs=np.array([[0.0, -1.0], [-2.0, -5.0]])),),
    )
    assert solve(problem, -2.0).choices == (1, 0)
    assert solve(problem, -2.5).choices == (1, 1)


def test_costs_that_tie_all_variables_together_are_refused() -> None:
    pairs = combinations(range(7), 2)
    problem = ChoiceProblem(
        losses=(np.zeros(16),) * 7,
        factors=tuple(Factor(variables=pair, costs=np.ones((16, 16))) for pair in pairs),
    )
    with pytest.raises(UsageError, match=r"\[0, 1, 2, 3, 4, 5, 6\] .* fewer choices"):
        solve(problem, 10.0)


def test_a_budget_that_is_no_number_is_refused() -> None:
    with pytest.raises(UsageError, match="not a number"):
        solve(made_up("chain", 0), math.nan)


@settings(max_examples=25, deadline=None)
@given(
    shape=st.sampled_from(SHAPES),
    seed=st.integers(0, 10_000),
    whole=st.booleans(),
    # Not nearer to what a plan costs than rounding; for that see the next test.
    shares=st.lists(st.integers(0, 10**6).map(lambda n: n / 10**6), min_size=2, max_size=4),
)
@pytest.mark.slow
def test_more_budget_never_loses_more_and_is_never_exceeded(
    *, shape: str, seed: int, whole: bool, shares: list[float]
) -> None:
    problem = made_up(shape, seed, groups=7, most=6, whole=whole)
    last = math.inf
    for budget in sorted(between(problem, share) for share in shares):
        solution = solve(problem, budget)
        assert solution.is_optimal
        assert problem.cost(solution.choices) == solution.cost <= budget
        assert solution.loss <= last * (1 + 1e-9)
        last = solution.loss


def test_a_budget_that_a_plan_misses_by_rounding_is_held_and_the_bound_says_so() -> None:
    problem = made_up("chain", 0, groups=7, most=6, whole=False)
    budget = between(problem, 0.9999999999999999)
    held = solve(problem, budget)
    assert problem.cost(held.choices) == held.cost <= budget
    above = solve(problem, budget * (1 + 1e-9))
    assert above.is_optimal
    assert above.cost > budget
    assert not held.is_optimal
    assert held.bound == pytest.approx(above.loss)


def _sum(**changes: object) -> SumFactor:
    values: dict[str, object] = {
        "variables": (0, 1),
        "widths": (np.array([1, 2]), np.array([1, 2])),
        "totals": np.array([2, 3, 4]),
        "costs": np.zeros(3),
    }
    return SumFactor(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"losses": (np.array([0.0, -1.0]), np.zeros(2))}, "losses of variable 0"),
        ({"losses": (np.zeros(2), np.array([0.0, np.nan]))}, "losses of variable 1"),
        ({"losses": (np.zeros(2), np.zeros(0))}, "losses of variable 1"),
        ({"factors": (Factor(variables=(0, 2), costs=np.zeros((2, 2))),)}, "variable 2 of 2"),
        (
            {"factors": (Factor(variables=(0, 0), costs=np.zeros((2, 2))),)},
            "names a variable twice",
        ),
        ({"factors": (Factor(variables=(), costs=np.array(1.0)),)}, "add it to the constant"),
        ({"factors": (Factor(variables=(0,), costs=np.zeros(3)),)}, r"factor 0 .* shape \(3,\)"),
        ({"factors": (Factor(variables=(0,), costs=np.array([0, np.inf])),)}, "not finite"),
        ({"constant": np.inf}, "constant"),
        ({"sums": (_sum(totals=np.array([2, 3]), costs=np.zeros(2)),)}, "no cost for the sum 4"),
        ({"sums": (_sum(totals=np.array([2, 4, 3])),)}, "ascend"),
        ({"sums": (_sum(widths=(np.array([1, 2]),)),)}, "2 parts and widths of 1"),
        ({"sums": (_sum(widths=(np.array([1, 2]), np.array([1.0, 2.0]))),)}, "whole numbers"),
        ({"sums": (_sum(output=0),)}, r"sum 0 .* shape \(3,\)"),
        ({"sums": (_sum(widths=(np.array([1, 2]), np.array([1]))),)}, r"sum 0 .* shape \(1,\)"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, object], message: str) -> None:
    values = {"losses": (np.zeros(2), np.zeros(2)), **changes}
    with pytest.raises(UsageError, match=message):
        ChoiceProblem(**values)  # type: ignore[arg-type]
