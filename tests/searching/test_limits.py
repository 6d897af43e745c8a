"""The limits of a search: what they allow, where it starts, what is out of reach."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from edgeslim.durations import parse_ms
from edgeslim.errors import InfeasibleTargetError
from edgeslim.execution import Target
from edgeslim.latency_table import LatencyTable
from edgeslim.searching.limits import feasible_start
from edgeslim.spaces import Tokens
from tests.searching.made_up import made_up_ms, made_up_networks, made_up_table
from tests.searching.searches import SPACE, limits_of
from tests.values import table_at


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> LatencyTable:
    return made_up_table(tmp_path_factory.mktemp("limits") / "host.jsonl", SPACE)


@pytest.fixture(scope="module")
def slower(tmp_path_factory: pytest.TempPathFactory) -> LatencyTable:
    return made_up_table(tmp_path_factory.mktemp("slower") / "host.jsonl", SPACE, factor=3.0)


def made_up_total_ms(tokens: Tokens) -> float:
    return sum(made_up_ms(operator) for operator in SPACE.operators(tokens, Target.X86))


def random_tokens(count: int) -> list[Tokens]:
    drawn = np.random.default_rng(0).integers(0, SPACE.ranges, (count, len(SPACE.ranges)))
    return [tuple(map(int, tokens)) for tokens in drawn]


def test_a_networks_latency_is_the_sum_over_its_operators(table: LatencyTable) -> None:
    limits = limits_of(table, targets_ms=(1.0,))
    for tokens in random_tokens(20):
        assert limits.predicted_ms(tokens) == pytest.approx((made_up_total_ms(tokens),), rel=1e-3)


def test_a_network_that_takes_just_the_limit_is_within_it(table: LatencyTable) -> None:
    population = random_tokens(20)
    for tokens in population:
        (latency_ms,) = limits_of(table, targets_ms=(1.0,)).predicted_ms(tokens)
        assert limits_of(table, targets_ms=(latency_ms,)).are_met([tokens])[0]
        less = float(np.nextafter(latency_ms, 0))
        assert not limits_of(table, targets_ms=(less,)).are_met([tokens])[0]
    assert limits_of(table, targets_ms=(1.0,)).are_met([]).shape == (0,)


def test_more_confidence_asks_for_more_room(tmp_path: Path) -> None:
    table = made_up_table(tmp_path / "host.jsonl", SPACE)
    table.add(*made_up_networks(SPACE, 6))
    tokens = SPACE.initial_tokens
    (latency_ms,) = limits_of(table, targets_ms=(1.0,)).predicted_ms(tokens)
    excess = [
        limits_of(table, targets_ms=(latency_ms,), confidence=confidence).excess([tokens])[0]
        for confidence in (0.5, 0.8, 0.95)
    ]
    assert excess[0] == 0
    assert 0.01 < excess[1] < excess[2] < 1


def test_without_whole_networks_predictions_are_limited_as_they_are(table: LatencyTable) -> None:
    tokens = SPACE.initial_tokens
    (latency_ms,) = limits_of(table, targets_ms=(1.0,)).predicted_ms(tokens)
    assert limits_of(table, targets_ms=(latency_ms,), confidence=0.95).are_met([tokens])[0]


def test_what_nothing_is_known_of_is_within_no_limit(tmp_path: Path) -> None:
    limits = limits_of(table_at(tmp_path / "empty.jsonl"), targets_ms=(1e9,))
    assert np.isnan(limits.predicted_ms(SPACE.initial_tokens)).all()
    assert not limits.are_met([SPACE.initial_tokens])[0]
    assert limits.excess([SPACE.initial_tokens])[0] == np.inf


@pytest.mark.parametrize(
    "name", ["max_macs", "max_paddleslim1_flops", "max_parameters", "max_bytes"]
)
def test_sizes_are_limited_too(table: LatencyTable, name: str) -> None:
    free = limits_of(table, targets_ms=(1e9,))
    population = random_tokens(200)
    sizes = free.sizes.of(np.array(population))
    of = {
        "max_macs": sizes.macs,
        "max_paddleslim1_flops": free.sizes.paddleslim1_flops(np.array(population)),
        "max_parameters": sizes.parameters,
        "max_bytes": sizes.file_bytes,
    }
    middle = int(np.median(of[name]))
    hold = limits_of(table, targets_ms=(1e9,), **{name: middle}).are_met(population)
    assert (hold == (of[name] <= middle)).all()


def test_costs_are_latencies_and_parameters(table: LatencyTable, slower: LatencyTable) -> None:
    limits = limits_of(table, slower, targets_ms=(1.0, 2.0))
    population = random_tokens(10)
    costs = limits.costs(population)
    assert costs.shape == (10, 3)
    assert costs[:, 1] == pytest.approx(3 * costs[:, 0], rel=1e-3)
    assert costs[:, 2] == pytest.approx(limits.sizes.of(np.array(population)).parameters)


def test_a_search_starts_at_the_spaces_own_start_if_the_limits_allow_it(
    table: LatencyTable,
) -> None:
    (latency_ms,) = limits_of(table, targets_ms=(1.0,)).predicted_ms(SPACE.initial_tokens)
    assert feasible_start(limits_of(table, targets_ms=(latency_ms,)), 0) == SPACE.initial_tokens


@pytest.mark.parametrize("share", [0.99, 0.7, 0.5, 0.35])
def test_under_a_tighter_limit_it_starts_at_a_network_that_meets_it(
    table: LatencyTable, share: float
) -> None:
    (own_ms,) = limits_of(table, targets_ms=(1.0,)).predicted_ms(SPACE.initial_tokens)
    start = feasible_start(limits_of(table, targets_ms=(share * own_ms,)), 0)
    assert SPACE.check(start) == start
    assert made_up_total_ms(start) <= share * own_ms * 1.001
    assert start != SPACE.initial_tokens


def test_under_several_limits_it_starts_where_all_hold(
    table: LatencyTable, slower: LatencyTable
) -> None:
    (own_ms,) = limits_of(table, targets_ms=(1.0,)).predicted_ms(SPACE.initial_tokens)
    free = limits_of(table, slower, targets_ms=(0.8 * own_ms, 2 * own_ms))
    smallest = free.sizes.of(np.zeros((1, len(SPACE.ranges)), np.int64)).parameters[0]
    limits = limits_of(
        table,
        slower,
        targets_ms=(0.8 * own_ms, 2 * own_ms),
        max_parameters=int(1.5 * smallest),
    )
    start = feasible_start(limits, 0)
    fast_ms, slow_ms = limits.predicted_ms(start)
    assert fast_ms <= 0.8 * own_ms
    assert slow_ms <= 2 * own_ms
    assert limits.sizes.of(np.array([start])).parameters[0] <= 1.5 * smallest


@pytest.mark.slow
def test_out_of_reach_is_said_with_what_is_reachable(table: LatencyTable) -> None:
    fastest_ms = min(
        made_up_total_ms(tokens) for tokens in [(0,) * len(SPACE.ranges), *random_tokens(500)]
    )
    with pytest.raises(InfeasibleTargetError, match=r"no network of light-nas-small") as caught:
        feasible_start(limits_of(table, targets_ms=(0.9 * fastest_ms,)), 0)
    said = re.search(r"the fastest takes (\S+ \S+)$", str(caught.value))
    assert said is not None, caught.value
    reachable_ms = parse_ms(said[1])
    assert reachable_ms <= fastest_ms * 1.02
    # Who asks for what was said to be reachable gets it.
    reachable = limits_of(table, targets_ms=(reachable_ms,))
    assert reachable.are_met([feasible_start(reachable, 0)])[0]


def test_limits_that_exclude_each_other_say_what_is_nearest(
    table: LatencyTable, slower: LatencyTable
) -> None:
    limits = limits_of(table, slower, targets_ms=(1.0, 1e-4), max_macs=10_000)
    with pytest.raises(InfeasibleTargetError) as caught:
        feasible_start(limits, 0)
    assert re.fullmatch(
        r"no network of light-nas-small was found within all limits; the nearest takes "
        r"\S+ us on device0 and \S+ us on device1 and [\d,]+ MACs: that is "
        r"\S+ us on device1 where 0\.10 us on device1 are allowed and "
        r"[\d,]+ MACs where 10,000 MACs are allowed",
        str(caught.value),
    ), caught.value
