"""Kendall's tau and Spearman's rho, against SciPy's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from edgeslim.errors import UsageError
from edgeslim.searching.rank_correlation import kendall_tau, rank_correlation, spearman_rho

PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(-3, 3)), min_size=3, max_size=12)


@given(PAIRS)
def test_the_same_as_scipys_ties_included(pairs: list[tuple[int, int]]) -> None:
    one, other = np.array(pairs, float).T
    if len(set(one)) == 1 or len(set(other)) == 1:
        assert math.isnan(kendall_tau(one, other))
        assert math.isnan(spearman_rho(one, other))
        return
    assert kendall_tau(one, other) == pytest.approx(stats.kendalltau(one, other).statistic)
    assert spearman_rho(one, other) == pytest.approx(stats.spearmanr(one, other).statistic)


def test_perfect_opposite_and_not_told_apart() -> None:
    truth = [0.1, 0.2, 0.3, 0.4, 0.5]
    same = rank_correlation(truth, [1, 4, 9, 16, 25])
    assert (same.tau, *same.interval, same.rho) == pytest.approx((1, 1, 1, 1))
    assert rank_correlation(truth, truth[::-1]).tau == pytest.approx(-1)
    flat = rank_correlation(truth, [7.0] * 5)
    assert all(map(math.isnan, (flat.tau, *flat.interval, flat.rho)))


def test_the_interval_holds_tau_and_narrows_with_more_networks() -> None:
    rng = np.random.default_rng(0)
    widths = []
    for count in (10, 200):
        truth = rng.normal(size=count)
        found = rank_correlation(truth.tolist(), (truth + rng.normal(size=count)).tolist())
        low, high = found.interval
        assert low < found.tau < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 2


@pytest.mark.slow
def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    correlation = 0.7
    expected = 2 / math.pi * math.asin(correlation)  # tau of two normal variables
    held = 0
    for seed in range(40):
        one, noise = rng.normal(size=(2, 40))
        other = correlation * one + math.sqrt(1 - correlation**2) * noise
        low, high = rank_correlation(one.tolist(), other.tolist(), seed=seed).interval
        held += low <= expected <= high
    assert held >= 34


def test_too_few_or_not_as_many() -> None:
    for truth, estimate in (([1, 2], [1, 2]), ([1, 2, 3], [1, 2])):
        with pytest.raises(UsageError, match="3 networks at least"):
            rank_correlation(truth, estimate)
