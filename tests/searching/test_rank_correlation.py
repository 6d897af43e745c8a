"""Kendall's tau and Spearman's rho with its interval."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.errors import UsageError
from edgeslim.searching import rank_correlation as module
from edgeslim.searching.rank_correlation import kendall_tau, rank_correlation, spearman_rho

PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(-3, 3)), min_size=3, max_size=12)


def signs(values: np.ndarray) -> np.ndarray:
    """Of each pair of places, which has the larger value."""
    return np.sign(values[:, None] - values[None, :])


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float((one * other).sum() / np.sqrt((one * one).sum() * (other * other).sum()))


@given(PAIRS)
def test_ties_count_as_the_definitions_say(pairs: list[tuple[int, int]]) -> None:
    one, other = np.array(pairs, float).T
    if len(set(one)) == 1 or len(set(other)) == 1:
        assert math.isnan(kendall_tau(one, other))
        assert math.isnan(spearman_rho(one, other))
        return
    assert kendall_tau(one, other) == pytest.approx(cosine(signs(one), signs(other)))
    ranks = [signs(values).sum(axis=1) for values in (one, other)]
    assert spearman_rho(one, other) == pytest.approx(cosine(*ranks))


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
def test_the_interval_holds_the_truth_as_often_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RESAMPLES", 300)  # enough for this, in a seventh of the time
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
