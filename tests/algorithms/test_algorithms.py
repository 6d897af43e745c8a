"""What every search algorithm must do; a new file in the folder is tested by being there."""

from __future__ import annotations

import hashlib
import logging
import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeslim.algorithms import ALGORITHMS, Algorithm, Problem, find_algorithm
from edgeslim.algorithms.annealing import Annealing
from edgeslim.errors import UsageError
from edgeslim.spaces import Tokens

NAMES = ALGORITHMS.names()
COUNTS = {"surrogate": 10, "tpe": 13}
"""Proposals in a test, where a proposal takes milliseconds; beyond the first ones, anyway."""
EXAMPLES = {"surrogate": 2, "tpe": 2}

Rewarded = Callable[[Tokens], float]


@dataclass(frozen=True)
class Situation:
    """A problem to be, with a limit like that of latency: each token adds its part."""

    ranges: Tokens
    parts: tuple[tuple[float, ...], ...]
    start: Tokens
    slack: float
    seed: int
    narrower: list[float] = field(default_factory=list)
    """How much the limit has moved since the start."""

    def fits(self, tokens: Tokens) -> bool:
        return bool(self.feasible([tokens])[0])

    def feasible(self, population: Sequence[Tokens]) -> np.ndarray[Any, np.dtype[np.bool_]]:
        most = self.costs([self.start])[0, 0] + self.slack - sum(self.narrower)
        return self.costs(population)[:, 0] <= most

    def costs(self, population: Sequence[Tokens]) -> np.ndarray[Any, np.dtype[np.float64]]:
        """One, and one that is not known."""
        columns = np.array(population).T
        cost = 1.0 + sum(map(np.take, map(np.array, self.parts), columns))
        return np.stack([cost, np.full(len(population), np.nan)], axis=1)

    def algorithm(self, name: str) -> Algorithm:
        """As the engine leaves it before the first proposal: it knows the start."""
        made = ALGORITHMS.get(name)(
            Problem(
                ranges=self.ranges,
                start=self.start,
                feasible=self.feasible,
                costs=self.costs,
                generator=np.random.default_rng(self.seed),
            )
        )
        made.tell(self.start, reward(self.start))
        return made


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    ranges = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=6)))
    part = st.floats(0, 1, allow_subnormal=False)
    return Situation(
        ranges=ranges,
        parts=tuple(tuple(draw(part) for _ in range(size)) for size in ranges),
        start=tuple(draw(st.integers(0, size - 1)) for size in ranges),
        slack=draw(st.sampled_from([0.0, 0.1, 0.5, 10.0])),
        seed=draw(st.integers(0, 2**32)),
    )


def free(seed: int, *, size: int = 4, length: int = 8) -> Situation:
    """Everything is allowed."""
    return Situation((size,) * length, ((0.0,) * size,) * length, (0,) * length, 0.0, seed)


def reward(tokens: Tokens) -> float:
    """Between 0 and 1, the same for the same vector, in no order."""
    return hashlib.sha256(bytes(tokens)).digest()[0] / 255


def walk(
    algorithm: Algorithm, count: int, *, late: int = 0, rewarded: Rewarded = reward
) -> list[Tokens]:
    """What is proposed, where the results of ``late`` proposals are always still awaited."""
    proposed: list[Tokens] = []
    awaited: deque[Tokens] = deque()
    while len(proposed) < count and (tokens := algorithm.ask()) is not None:
        proposed.append(tokens)
        awaited.append(tokens)
        if len(awaited) > late:
            told = awaited.popleft()
            algorithm.tell(told, rewarded(told))
    return proposed


def proposals(name: str, situation: Situation, *, late: int = 0) -> list[Tokens]:
    return walk(situation.algorithm(name), COUNTS.get(name, 40), late=late)


def check(situation: Situation, proposed: list[Tokens]) -> None:
    assert all(situation.fits(tokens) for tokens in proposed)
    assert len({situation.start, *proposed}) == 1 + len(proposed)
    for tokens in proposed:
        assert type(tokens) is tuple
        assert len(tokens) == len(situation.ranges)
        assert all(0 <= t < size for t, size in zip(tokens, situation.ranges, strict=True))
        assert all(type(token) is int for token in tokens)


def each_algorithm(**strategies: Any) -> Any:
    """Of every algorithm as many examples as it has time for."""

    def decorated(test: Callable[..., None]) -> Any:
        @pytest.mark.parametrize("name", NAMES)
        def tried(name: str) -> None:
            @settings(max_examples=EXAMPLES.get(name, 10))
            @given(**strategies)
            def law(**drawn: Any) -> None:
                test(name, **drawn)

            law()

        return tried

    return decorated


def test_the_issues_algorithms_are_there() -> None:
    assert {"annealing", "evolution", "nsga2", "random", "tpe"} <= set(NAMES)


@each_algorithm(situation=situations(), late=st.integers(0, 5))
def test_no_proposal_breaks_the_limit_or_the_ranges_or_comes_twice(
    name: str, situation: Situation, late: int
) -> None:
    check(situation, proposals(name, situation, late=late))


@each_algorithm(situation=situations(), late=st.integers(0, 5))
def test_the_same_seed_makes_the_same_proposals(name: str, situation: Situation, late: int) -> None:
    once = proposals(name, situation, late=late)
    assert once == proposals(name, situation, late=late)


@pytest.mark.parametrize("name", NAMES)
def test_another_seed_makes_other_proposals(name: str) -> None:
    found = {tuple(walk(free(seed).algorithm(name), 5)) for seed in range(5)}
    assert len(found) == 5


@pytest.mark.parametrize("name", NAMES)
def test_what_is_proposed_does_not_depend_on_rewards_that_are_awaited(name: str) -> None:
    def first(rewarded: Rewarded) -> list[Tokens]:
        return walk(free(0).algorithm(name), 6, late=6, rewarded=rewarded)

    assert first(reward) == first(lambda _: 0.5)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"random", "annealing"}])
@pytest.mark.slow
def test_what_is_proposed_depends_on_rewards_that_were_told(name: str) -> None:
    def later(rewarded: Rewarded) -> list[Tokens]:
        return walk(free(0).algorithm(name), COUNTS.get(name, 40), rewarded=rewarded)

    assert later(lambda tokens: sum(tokens) / 24) != later(lambda tokens: -sum(tokens) / 24)


@each_algorithm(size=st.integers(1, 9), seed=st.integers(0, 2**32))
def test_where_one_token_is_free_all_its_values_are_proposed(
    name: str, size: int, seed: int
) -> None:
    situation = Situation((1, size, 1), ((0.0,), (0.0,) * size, (0.0,)), (0, 0, 0), 0.0, seed)
    proposed = proposals(name, situation)
    assert sorted(proposed) == [(0, value, 0) for value in range(1, size)]


@pytest.mark.parametrize("name", NAMES)
def test_where_only_the_start_is_allowed_nothing_is_proposed(name: str) -> None:
    parts = ((0.0, 1.0, 1.0),) * 3
    algorithm = Situation((3, 3, 3), parts, (0, 0, 0), 0.5, 0).algorithm(name)
    assert [algorithm.ask() for _ in range(3)] == [None] * 3


@pytest.mark.parametrize("name", NAMES)
def test_where_hardly_any_vector_is_allowed_those_near_the_start_are_found(name: str) -> None:
    """Of 9 ** 12 vectors, the start and the 96 that differ from it in one token."""
    parts = ((0.0, *(1.0,) * 8),) * 12
    situation = Situation((9,) * 12, parts, (0,) * 12, 1.0, 0)
    proposed = proposals(name, situation)
    assert len(proposed) == COUNTS.get(name, 40)
    check(situation, proposed)


@each_algorithm(situation=situations(), told=st.integers(1, 20))
def test_vectors_known_from_elsewhere_are_not_proposed(
    name: str, situation: Situation, told: int
) -> None:
    generator = np.random.default_rng(told)
    algorithm = situation.algorithm(name)
    strangers = [tuple(generator.integers(situation.ranges).tolist()) for _ in range(told)]
    proposed = walk(algorithm, 3)
    for tokens in strangers:
        if tokens not in proposed:
            algorithm.tell(tokens, reward(tokens))
    proposed += walk(algorithm, COUNTS.get(name, 40) - 3)
    check(situation, proposed)
    assert not set(strangers) & set(proposed[3:])


@each_algorithm(situation=situations(), by=st.floats(-0.5, 0.5))
def test_a_limit_that_moves_is_held_from_then_on(
    name: str, situation: Situation, by: float
) -> None:
    situation.narrower.clear()
    algorithm = situation.algorithm(name)
    before = walk(algorithm, 12)
    check(situation, before)
    situation.narrower.append(by)
    after = walk(algorithm, COUNTS.get(name, 40) - 10)
    assert all(situation.fits(tokens) for tokens in after)
    assert not set(before) & set(after)


@pytest.mark.parametrize("name", NAMES)
def test_where_a_limit_becomes_wider_there_is_more_to_propose(name: str) -> None:
    situation = Situation((3, 3, 3), ((0.0, 1.0, 1.0),) * 3, (0, 0, 0), 0.5, 0)
    algorithm = situation.algorithm(name)
    assert algorithm.ask() is None
    situation.narrower.append(-10.0)
    assert sorted(walk(algorithm, 30)) == sorted(np.ndindex(3, 3, 3))[1:]


@pytest.mark.parametrize(
    ("name", "seed"),
    [(name, seed) for name in NAMES for seed in range(1 if name in COUNTS else 3)],
)
@pytest.mark.slow
def test_some_steps_find_what_is_better_than_the_start(name: str, seed: int) -> None:
    best = (3, 1, 4, 1, 5, 9)

    def alike(tokens: Tokens) -> float:
        return sum(map(int.__eq__, tokens, best)) / 6

    count = 25 if name in COUNTS else 100
    proposed = walk(free(seed, size=10, length=6).algorithm(name), count, rewarded=alike)
    assert max(map(alike, proposed)) >= 2 / 6


def test_optuna_says_nothing_to_users(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Warnings are errors in all tests."""
    with caplog.at_level(logging.DEBUG, logger="optuna"):
        walk(free(0).algorithm("tpe"), 14, late=2)
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_an_algorithm_takes_numbers_of_its_own() -> None:
    problem = Problem(
        ranges=(3, 3),
        start=(0, 0),
        feasible=lambda tokens: np.ones(len(tokens), np.bool_),
        costs=lambda tokens: np.ones((len(tokens), 1)),
        generator=np.random.default_rng(0),
    )
    made = find_algorithm("annealing:initial_temperature=100, reduce_rate=0.9")(problem)
    assert isinstance(made, Annealing)
    assert made.temperature == 100
    made.tell((0, 0), 0.5)
    assert made.temperature == 90


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("anealing:reduce_rate=0.9", "did you mean 'annealing'"),
        ("annealing:rate=0.9", "annealing has no 'rate'; it has initial_temperature, reduce_rate"),
        ("random:reduce_rate=0.9", "random has no 'reduce_rate'; it has nothing to set"),
        ("annealing:reduce_rate=-1", "reduce_rate must be a number above 0, not '-1'"),
        ("annealing:reduce_rate", "reduce_rate must be a number above 0, not ''"),
    ],
)
def test_numbers_that_an_algorithm_has_not_are_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=re.escape(says)):
        find_algorithm(text)
