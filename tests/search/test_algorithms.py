"""What every search algorithm must do; a new file in the folder is tested by being there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.search.algorithms import ALGORITHMS, Algorithm, Problem
from edgeslim.spaces import Tokens

NAMES = ALGORITHMS.names()


@dataclass(frozen=True)
class Situation:
    """A problem to be, with a limit like that of latency: each token adds its part."""

    ranges: Tokens
    costs: tuple[tuple[float, ...], ...]
    start: Tokens
    slack: float
    seed: int

    def cost(self, tokens: Tokens) -> float:
        return sum(self.costs[place][token] for place, token in enumerate(tokens))

    def feasible(self, tokens: Tokens) -> bool:
        return self.cost(tokens) <= self.cost(self.start) + self.slack

    def problem(self) -> Problem:
        return Problem(
            ranges=self.ranges,
            start=self.start,
            feasible=self.feasible,
            generator=np.random.default_rng(self.seed),
        )


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    ranges = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=6)))
    cost = st.floats(0, 1, allow_subnormal=False)
    return Situation(
        ranges=ranges,
        costs=tuple(tuple(draw(cost) for _ in range(size)) for size in ranges),
        start=tuple(draw(st.integers(0, size - 1)) for size in ranges),
        slack=draw(st.sampled_from([0.0, 0.1, 0.5, 10.0])),
        seed=draw(st.integers(0, 2**32)),
    )


def reward(tokens: Tokens) -> float:
    """Between 0 and 1, the same for the same vector, in no order."""
    return hashlib.sha256(bytes(tokens)).digest()[0] / 255


def walk(
    algorithm: Algorithm, rewarded: Callable[[Tokens], float] = reward
) -> Iterator[tuple[Tokens, float]]:
    """What an algorithm proposes, each with the reward that it is told."""
    while (tokens := algorithm.ask()) is not None:
        yield tokens, rewarded(tokens)
        algorithm.tell(tokens, rewarded(tokens))


def proposals(name: str, situation: Situation, count: int = 40) -> list[Tokens]:
    steps = walk(ALGORITHMS.get(name)(situation.problem()))
    return [tokens for tokens, _ in islice(steps, count)]


def test_annealing_is_there() -> None:
    assert "annealing" in NAMES


@pytest.mark.parametrize("name", NAMES)
@given(situation=situations())
def test_no_proposal_breaks_the_limit_or_the_ranges_or_comes_twice(
    name: str, situation: Situation
) -> None:
    proposed = proposals(name, situation)
    assert all(situation.feasible(tokens) for tokens in proposed)
    assert len(set(proposed)) == len(proposed)
    for tokens in proposed:
        assert len(tokens) == len(situation.ranges)
        assert all(0 <= t < size for t, size in zip(tokens, situation.ranges, strict=True))
        assert all(type(token) is int for token in tokens)


@pytest.mark.parametrize("name", NAMES)
@given(situation=situations())
def test_the_start_is_proposed_first(name: str, situation: Situation) -> None:
    assert proposals(name, situation, 1) == [situation.start]


@pytest.mark.parametrize("name", NAMES)
@given(situation=situations())
def test_the_same_seed_makes_the_same_proposals(name: str, situation: Situation) -> None:
    assert proposals(name, situation, 15) == proposals(name, situation, 15)


@pytest.mark.parametrize("name", NAMES)
def test_another_seed_makes_other_proposals(name: str) -> None:
    found = {
        tuple(proposals(name, Situation((4,) * 8, ((0.0,) * 4,) * 8, (0,) * 8, 0.0, seed), 5))
        for seed in range(5)
    }
    assert len(found) == 5


@pytest.mark.parametrize("name", NAMES)
@given(size=st.integers(1, 9), seed=st.integers(0, 2**32))
def test_where_one_token_is_free_all_its_values_are_proposed(
    name: str, size: int, seed: int
) -> None:
    situation = Situation((1, size, 1), ((0.0,), (0.0,) * size, (0.0,)), (0, 0, 0), 0.0, seed)
    assert set(proposals(name, situation)) == {(0, value, 0) for value in range(size)}


@pytest.mark.parametrize("name", NAMES)
def test_where_only_the_start_is_allowed_nothing_else_is_proposed(name: str) -> None:
    costs = ((0.0, 1.0, 1.0),) * 3
    assert proposals(name, Situation((3, 3, 3), costs, (0, 0, 0), 0.5, 0)) == [(0, 0, 0)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_a_hundred_steps_find_what_is_better_than_the_start(name: str, seed: int) -> None:
    best = (3, 1, 4, 1, 5, 9)
    problem = Problem(
        ranges=(10,) * 6,
        start=(0,) * 6,
        feasible=lambda _: True,
        generator=np.random.default_rng(seed),
    )
    steps = walk(
        ALGORITHMS.get(name)(problem), lambda tokens: sum(map(int.__eq__, tokens, best)) / 6
    )
    assert max(told for _, told in islice(steps, 100)) >= 2 / 6
