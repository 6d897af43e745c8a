"""Quantiles are told where enough samples show them, and their intervals hold."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.deployment.quantiles import needed_samples, share_interval, tails_of


def samples(count: int, seed: int = 0) -> list[int]:
    generator = np.random.default_rng(seed)
    return [int(value) for value in 1e7 * np.exp(0.1 * generator.standard_normal(count))]


@pytest.mark.parametrize(
    ("count", "shares"),
    [(30, ()), (60, (0.9,)), (600, (0.9, 0.99)), (6000, (0.9, 0.99, 0.999))],
)
def test_a_quantile_is_told_with_enough_samples_only(count: int, shares: tuple[float, ...]) -> None:
    found = tails_of([samples(count)])
    assert tuple(tail.share for tail in found) == shares
    for tail in found:
        assert tail.samples == count
        assert tail.interval_ms[0] <= tail.value_ms <= tail.interval_ms[1]


def test_the_fewest_samples_are_those_that_could_all_be_below_by_chance() -> None:
    assert [needed_samples(share) for share in (0.9, 0.99, 0.999)] == [36, 368, 3688]
    assert 0.99 ** needed_samples(0.99) <= 0.025 < 0.99 ** (needed_samples(0.99) - 1)


def test_intervals_of_quantiles_contain_the_truth_as_often_as_they_promise() -> None:
    truth_ms = 10 * np.exp(0.1 * 1.2815515655446004)
    tails = [tails_of([samples(200, seed)], shares=(0.9,))[0] for seed in range(300)]
    held = sum(tail.interval_ms[0] <= truth_ms <= tail.interval_ms[1] for tail in tails)
    assert held >= 0.94 * len(tails)


def test_a_burst_says_less_than_as_many_single_ones() -> None:
    scattered = [[place % 50 == 0 for place in range(1000)]]
    burst = [[place < 20 for place in range(1000)]]
    low, high = share_interval(scattered)
    assert low == pytest.approx(0.0123, abs=2e-3)
    assert high == pytest.approx(0.0307, abs=2e-3)
    wide_low, wide_high = share_interval(burst)
    assert wide_low < low < high < wide_high


@pytest.mark.parametrize("count", [20, 24, 48])
def test_bursts_are_seen_however_many_rounds_there_are(count: int) -> None:
    rounds = [[number % 8 == 0 and place < 40 for place in range(1000)] for number in range(count)]
    scattered = [[place % 200 == 0 for place in range(1000)] for _ in range(count)]
    assert sum(map(sum, rounds)) / sum(map(sum, scattered)) == pytest.approx(1, abs=0.25)
    widths = [float(np.ptp(share_interval(some))) for some in (rounds, scattered)]
    assert widths[0] > 4 * widths[1]


def test_a_round_that_broke_off_hides_no_burst() -> None:
    rounds = [[number % 8 == 0 and place < 40 for place in range(1000)] for number in range(24)]
    whole, shortened = (share_interval(some) for some in (rounds, [*rounds, [False] * 3]))
    assert shortened == pytest.approx(whole, rel=0.1)


def test_none_and_all_have_intervals_with_an_open_end() -> None:
    assert share_interval([[False] * 100])[0] == 0
    assert share_interval([[True] * 100])[1] == 1
