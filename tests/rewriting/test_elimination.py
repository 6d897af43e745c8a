"""The cheapest choices, compared with trying all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeslim.errors import UsageError
from edgeslim.rewriting.elimination import Costs, cheapest_choices


def cost(
    single: Sequence[Costs], pairs: Mapping[tuple[int, int], Costs], choices: Sequence[int]
) -> float:
    alone = sum(costs[choice] for costs, choice in zip(single, choices, strict=True))
    return float(alone + sum(costs[choices[i], choices[j]] for (i, j), costs in pairs.items()))


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_no_other_combination_is_cheaper(seed: int) -> None:
    draw = np.random.default_rng(seed)
    sizes = draw.integers(1, 5, draw.integers(1, 7))
    single = [draw.normal(size=size) for size in sizes]
    pairs = {
        (one, two): draw.normal(size=(sizes[one], sizes[two]))
        for one, two in combinations(range(len(sizes)), 2)
        if draw.random() < 0.5
    }
    best = min(cost(single, pairs, some) for some in product(*map(range, sizes)))
    assert cost(single, pairs, cheapest_choices(single, pairs)) == pytest.approx(best)


def test_of_equal_choices_the_first_is_taken() -> None:
    assert cheapest_choices([np.zeros(3), np.array([1.0, 0.0, 0.0])], {}) == (0, 1)


def test_a_long_chain_is_solved_exactly() -> None:
    count = 300
    single = [np.array([0.0, -0.1])] * count
    pairs = {(one, one + 1): np.array([[0.0, 0.0], [0.0, 1.0]]) for one in range(count - 1)}
    chosen = cheapest_choices(single, pairs)
    assert sum(chosen) == count // 2
    assert not any(one and two for one, two in pairwise(chosen))


def test_too_many_that_depend_on_each_other_are_refused() -> None:
    count, choices = 12, 6
    pairs = {pair: np.zeros((choices, choices)) for pair in combinations(range(count), 2)}
    with pytest.raises(UsageError, match="depend on the same one"):
        cheapest_choices([np.zeros(choices)] * count, pairs)
