"""The rule of PaddleSlim 1.x's annealing, to the letter.

``temperature = initial * rate ** k``; one token changes to another value; a proposal is taken
if its reward is higher than the current one's (at first -1), or with the probability
``exp((reward - current) / temperature)``. The original counts a step before it decides.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.algorithms import Problem
from edgeslim.algorithms.annealing import Annealing
from edgeslim.spaces import Tokens


def problem_of(
    ranges: Tokens, start: Tokens, seed: int, fits: Callable[[Tokens], bool] = lambda _: True
) -> Problem:
    return Problem(
        ranges=ranges,
        start=start,
        feasible=lambda population: np.array([fits(tokens) for tokens in population]),
        costs=lambda population: np.empty((len(population), 0)),
        generator=np.random.default_rng(seed),
    )


def wide(seed: int) -> Problem:
    """So many vectors that there is always a new one next to the current."""
    return problem_of((5,) * 12, (2,) * 12, seed)


def distance(left: Tokens, right: Tokens) -> int:
    return sum(a != b for a, b in zip(left, right, strict=True))


def asked(annealing: Annealing) -> Tokens:
    tokens = annealing.ask()
    assert tokens is not None
    return tokens


@given(initial=st.floats(1e-3, 1e3), rate=st.floats(0.1, 1.0), steps=st.integers(0, 30))
def test_the_temperature_falls_by_the_rate_with_every_step(
    initial: float, rate: float, steps: int
) -> None:
    annealing = Annealing(wide(0), initial_temperature=initial, reduce_rate=rate)
    for _ in range(steps):
        annealing.tell(asked(annealing), 0.5)
    expected = initial * rate**steps
    assert annealing.temperature == max(expected, 1e-12)


def test_the_original_temperatures_are_the_default() -> None:
    annealing = Annealing(wide(0))
    found = []
    for _ in range(4):
        found.append(annealing.temperature)
        annealing.tell(asked(annealing), 0.5)
    assert found == pytest.approx([10.24, 8.704, 7.3984, 6.28864])


@given(
    rewards=st.lists(st.floats(0, 1), min_size=12, max_size=12),
    initial=st.sampled_from([1e-3, 0.05, 0.3, 10.24]),
    seed=st.integers(0, 1000),
)
def test_a_proposal_is_taken_by_the_rule_and_by_nothing_else(
    rewards: list[float], initial: float, seed: int
) -> None:
    problem = wide(seed)
    annealing = Annealing(problem, initial_temperature=initial)
    current, current_reward = problem.start, -1.0
    for step, reward in enumerate(rewards, start=1):
        tokens = asked(annealing)
        assert distance(tokens, current) == 1
        draw = copy.deepcopy(problem.generator).random()
        annealing.tell(tokens, reward)
        chance = math.exp(min(0.0, (reward - current_reward) / (initial * 0.85**step)))
        if reward > current_reward or draw <= chance:
            current, current_reward = tokens, reward
    assert distance(asked(annealing), current) == 1


def test_hot_takes_what_is_worse_and_cold_does_not() -> None:
    def steps_away(initial: float) -> int:
        annealing = Annealing(wide(1), initial_temperature=initial, reduce_rate=1.0)
        best = asked(annealing)
        annealing.tell(best, 1.0)
        for _ in range(20):
            annealing.tell(asked(annealing), 0.0)
        return distance(asked(annealing), best)

    assert steps_away(1e-9) == 1
    assert steps_away(1e9) > 5


def test_after_the_temperature_has_gone_to_nothing_the_search_goes_on() -> None:
    annealing = Annealing(wide(0), reduce_rate=1e-3)
    for step in range(200):
        annealing.tell(asked(annealing), step % 3 / 2)
    assert annealing.temperature > 0


def test_where_no_single_change_is_allowed_several_at_once_are_tried() -> None:
    """Two tokens must be equal: the neighbours of a vector all break the limit."""
    problem = problem_of((3, 3), (0, 0), 0, lambda tokens: tokens[0] == tokens[1])
    annealing = Annealing(problem)
    annealing.tell(problem.start, 0.5)
    found = []
    while (tokens := annealing.ask()) is not None:
        found.append(tokens)
        annealing.tell(tokens, 0.5)
    assert sorted(found) == [(1, 1), (2, 2)]
