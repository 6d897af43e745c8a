"""Intervals of differences on the same pictures: published values, and how often they are right."""

from __future__ import annotations

from math import factorial, prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeslim.evaluating.paired_statistics import (
    LEVEL,
    bootstrap_interval,
    bootstrap_method,
    mcnemar_p,
    newcombe_interval,
)

COUNTS = st.tuples(*[st.integers(0, 60)] * 4).filter(any)


def test_an_example_of_newcombes_paper() -> None:
    low, high = newcombe_interval(36, 12, 2, 0)
    assert (low, high) == pytest.approx((0.0569, 0.3404), abs=5e-5)


@given(COUNTS)
def test_an_interval_has_the_difference_in_it_and_turns_with_it(counts: tuple[int, ...]) -> None:
    both, first, second, neither = counts
    low, high = newcombe_interval(both, first, second, neither)
    assert -1 <= low <= (first - second) / sum(counts) <= high <= 1
    turned = newcombe_interval(both, second, first, neither)
    assert turned == pytest.approx((-high, -low), abs=1e-12)


@pytest.mark.parametrize("shares", [(0.7, 0.1, 0.05, 0.15), (0.4, 0.2, 0.1, 0.3)])
def test_an_interval_is_right_as_often_as_it_says(shares: tuple[float, ...]) -> None:
    total, truth, held = 20, shares[1] - shares[2], 0.0
    for both in range(total + 1):
        for first in range(total + 1 - both):
            for second in range(total + 1 - both - first):
                counts = (both, first, second, total - both - first - second)
                low, high = newcombe_interval(*counts)
                if low <= truth <= high:
                    ways = factorial(total) / prod(map(factorial, counts))
                    held += ways * prod(p**n for p, n in zip(shares, counts, strict=True))
    assert 0.94 < held < 0.99


def test_more_pictures_make_the_interval_narrower() -> None:
    widths = [np.ptp(newcombe_interval(80 * n, 5 * n, 3 * n, 12 * n)) for n in (1, 10, 100)]
    assert widths[0] > 2 * widths[1] > 4 * widths[2]


def test_no_pictures_have_no_interval() -> None:
    with pytest.raises(ValueError, match="at least one picture"):
        newcombe_interval(0, 0, 0, 0)


@pytest.mark.parametrize(
    ("first", "second", "chance"),
    [(0, 0, 1.0), (1, 1, 1.0), (0, 1, 1.0), (0, 5, 2 / 32), (10, 0, 2 / 1024), (3, 1, 10 / 16)],
)
def test_mcnemars_chance_is_that_of_coins(first: int, second: int, chance: float) -> None:
    assert mcnemar_p(first, second) == pytest.approx(chance)
    assert mcnemar_p(second, first) == mcnemar_p(first, second)


def test_thousands_of_pictures_do_not_overflow() -> None:
    assert 0 < mcnemar_p(5200, 4800) < 1e-3


def test_a_bootstrap_of_a_mean_is_as_wide_as_its_standard_error_says() -> None:
    values = np.random.default_rng(1).normal(0.3, 1.0, 400)

    def mean(times: NDArray[np.int64]) -> float:
        return float(times @ values / times.sum())

    low, high = bootstrap_interval(mean, 400, 2000)
    error = values.std() / np.sqrt(400)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert bootstrap_interval(mean, 400, 2000) == (low, high), "the seed decides"
    assert bootstrap_interval(mean, 400, 2000, seed=1) != (low, high)
    assert LEVEL == 0.95


@pytest.mark.parametrize(("pictures", "known"), [(1, False), (9, False), (10, True)])
def test_few_pictures_say_nothing_of_others(pictures: int, known: bool) -> None:
    low, high = bootstrap_interval(lambda _: -1.0, pictures, 50)
    assert low == -1
    assert high == (-1 if known else 1)
    assert ("bootstrap" in bootstrap_method(pictures, 50)) == known
