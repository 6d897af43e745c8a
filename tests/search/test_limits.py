"""The latency limit: what it allows, where a search starts, what is out of reach."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from edgeslim.durations import parse_ms
from edgeslim.errors import InfeasibleTargetError
from edgeslim.execution import Target
from edgeslim.latency_table import LatencyTable
from edgeslim.prediction.population import PopulationPredictor
from edgeslim.prediction.predictor import Predictor
from edgeslim.search.limits import LatencyLimit, feasible_start
from edgeslim.spaces import Tokens
from tests.search.made_up import made_up_ms, made_up_table, small_space
from tests.values import table_at

SPACE = small_space()


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> LatencyTable:
    return made_up_table(tmp_path_factory.mktemp("limits") / "host.jsonl", SPACE)


def limit_of(table: LatencyTable, target_ms: float) -> LatencyLimit:
    return LatencyLimit(SPACE, population(table.path), target_ms)


@cache
def population(path: Path) -> PopulationPredictor:
    return PopulationPredictor(Predictor(LatencyTable.read(path)), SPACE)


def made_up_total_ms(tokens: Tokens) -> float:
    return sum(made_up_ms(operator) for operator in SPACE.operators(tokens, Target.X86))


def random_tokens(count: int) -> list[Tokens]:
    drawn = np.random.default_rng(0).integers(0, SPACE.ranges, (count, len(SPACE.ranges)))
    return [tuple(map(int, tokens)) for tokens in drawn]


def test_a_networks_latency_is_the_sum_over_its_operators(table: LatencyTable) -> None:
    limit = limit_of(table, 1.0)
    for tokens in random_tokens(20):
        assert limit.latency_ms(tokens) == pytest.approx(made_up_total_ms(tokens), rel=1e-3)


def test_a_network_that_takes_just_the_limit_is_within_it(table: LatencyTable) -> None:
    for tokens in random_tokens(20):
        latency_ms = limit_of(table, 1.0).latency_ms(tokens)
        assert limit_of(table, latency_ms).holds(tokens)
        assert not limit_of(table, np.nextafter(latency_ms, 0)).holds(tokens)


def test_what_nothing_is_known_of_is_within_no_limit(tmp_path: Path) -> None:
    limit = limit_of(table_at(tmp_path / "empty.jsonl"), 1e9)
    assert np.isnan(limit.latency_ms(SPACE.initial_tokens))
    assert not limit.holds(SPACE.initial_tokens)


def test_a_search_starts_at_the_spaces_own_start_if_the_limit_allows_it(
    table: LatencyTable,
) -> None:
    latency_ms = limit_of(table, 1.0).latency_ms(SPACE.initial_tokens)
    assert feasible_start(limit_of(table, latency_ms)) == SPACE.initial_tokens


@pytest.mark.parametrize("share", [0.99, 0.7, 0.5, 0.35])
def test_under_a_tighter_limit_it_starts_at_a_network_that_meets_it(
    table: LatencyTable, share: float
) -> None:
    target_ms = share * limit_of(table, 1.0).latency_ms(SPACE.initial_tokens)
    start = feasible_start(limit_of(table, target_ms))
    assert SPACE.check(start) == start
    assert made_up_total_ms(start) <= target_ms * 1.001
    assert start != SPACE.initial_tokens


def test_out_of_reach_is_said_with_what_is_reachable(table: LatencyTable) -> None:
    fastest_ms = min(
        made_up_total_ms(tokens) for tokens in [(0,) * len(SPACE.ranges), *random_tokens(500)]
    )
    with pytest.raises(InfeasibleTargetError, match=r"no network of light-nas-small") as caught:
        feasible_start(limit_of(table, 0.9 * fastest_ms))
    said = re.search(r"the fastest takes (\S+ \S+)$", str(caught.value))
    assert said is not None, caught.value
    reachable_ms = parse_ms(said[1])
    assert reachable_ms <= fastest_ms * 1.02
    # Who asks for what was said to be reachable gets it.
    assert limit_of(table, reachable_ms).holds(feasible_start(limit_of(table, reachable_ms)))
