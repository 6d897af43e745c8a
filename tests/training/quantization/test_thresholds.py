"""Thresholds of activations, by histograms alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgeslim.training.quantization.thresholds import METHODS, Magnitudes, kl, mse, percentile

LEVELS = 127
FINITE = st.floats(-1e6, 1e6, width=32)
BATCHES = st.lists(arrays(np.float32, st.integers(0, 40), elements=FINITE), min_size=1, max_size=5)


def seen(*batches: object) -> Magnitudes:
    magnitudes = Magnitudes()
    for batch in batches:
        magnitudes.add(np.asarray(batch, np.float32))
    return magnitudes


def rounding_error(values: np.ndarray, threshold: float, levels: int) -> float:
    step = threshold / levels
    rounded = np.clip(np.round(values / step), -levels, levels) * step
    return float(np.mean(np.square(values - rounded)))


@given(BATCHES)
def test_nothing_but_zeros_is_lost_while_the_range_grows(batches: list[np.ndarray]) -> None:
    magnitudes = seen(*batches)
    values = np.abs(np.concatenate(batches).astype(np.float64))
    assert magnitudes.counts.sum() == np.count_nonzero(values)
    assert magnitudes.largest == values.max(initial=0)
    assert magnitudes.largest <= magnitudes.limit or not values.any()
    # Each bin counts what is between its ends, whatever came first.
    ends = np.arange(1, len(magnitudes.counts) + 1) * magnitudes.width
    below = np.cumsum(magnitudes.counts)
    for place in range(0, len(ends), 256):
        within = np.count_nonzero(values[values > 0] < ends[place] * (1 - 1e-9))
        touching = np.count_nonzero(values[values > 0] <= ends[place] * (1 + 1e-9))
        assert within <= below[place] <= touching


@given(BATCHES, st.sampled_from(sorted(METHODS)), st.sampled_from([1, 7, 127]))
def test_every_threshold_is_within_what_was_seen(
    batches: list[np.ndarray], method: str, levels: int
) -> None:
    magnitudes = seen(*batches)
    threshold = METHODS[method](magnitudes, levels)
    assert 0 <= threshold <= magnitudes.largest
    assert (threshold > 0) == (magnitudes.largest > 0)


@given(arrays(np.float32, st.integers(2, 200), elements=st.floats(0.125, 1e3, width=32)))
@settings(max_examples=10)  # one takes a tenth of a second
@pytest.mark.slow
def test_scaling_what_was_seen_scales_thresholds(values: np.ndarray) -> None:
    for find in METHODS.values():
        once, twice = find(seen(values), LEVELS), find(seen(values * 2), LEVELS)
        assert twice == pytest.approx(2 * once, rel=1e-6)


def test_the_histograms_share_leaves_outliers_out() -> None:
    values = np.concatenate((np.linspace(0.001, 1, 999), [10.0]))
    assert percentile(seen(values), LEVELS, share=0.999) == pytest.approx(1, rel=0.01)
    assert percentile(seen(values), LEVELS, share=1.0) == 10


@pytest.mark.parametrize("levels", [3, 7, 127])
def test_mse_finds_about_the_best_of_all_thresholds(levels: int) -> None:
    values = np.abs(np.random.default_rng(0).standard_normal(20_000))
    found = rounding_error(values, mse(seen(values), levels), levels)
    tried = np.linspace(0.1, values.max(), 400)
    best = min(rounding_error(values, float(each), levels) for each in tried)
    assert found <= best * 1.02


def test_few_levels_cut_more_off() -> None:
    values = np.random.default_rng(0).standard_normal(20_000)
    thresholds = [mse(seen(values), levels) for levels in (1, 3, 7, 127)]
    assert thresholds == sorted(thresholds)
    assert thresholds[0] < 0.7 * thresholds[-1]


def test_kl_keeps_a_flat_distribution_whole_and_cuts_a_long_tail_off() -> None:
    generator = np.random.default_rng(0)
    flat = generator.uniform(0, 1, 100_000)
    assert kl(seen(flat), LEVELS) > 0.95
    tailed = np.concatenate((generator.exponential(0.05, 100_000), [20.0]))
    assert kl(seen(tailed), LEVELS) < 2


def test_kl_leaves_what_lies_around_spikes() -> None:
    # Spikes of equal values, as images of one colour make them, and all else around them.
    around = np.random.default_rng(0).uniform(0, 16, 20_000)
    spikes = np.repeat([0.5, 1.0, 2.0], 60_000)
    values = seen(np.concatenate((around, spikes)))
    assert kl(values, LEVELS, share=0) < 4
    assert kl(values, LEVELS) > 14


def divergence(counts: list[int], size: int, groups: int) -> float:
    """As it is defined, bin by bin."""
    truth = [*map(float, counts[: size - 1]), float(sum(counts[size - 1 :]))]
    spread = [0.0] * size
    for group in range(groups):
        first, last = group * size // groups, (group + 1) * size // groups
        filled = [place for place in range(first, last) if counts[place]]
        for place in filled:
            spread[place] = sum(counts[first:last]) / len(filled)
    return sum(
        p / sum(truth) * math.log(p / sum(truth) / max(q / sum(counts[:size]), 1e-12))
        for p, q in zip(truth, spread, strict=True)
        if p
    )


@given(st.lists(st.integers(0, 30), min_size=6, max_size=24).filter(lambda each: each[-1] > 0))
def test_kl_is_the_least_of_all_by_its_definition(counts: list[int]) -> None:
    magnitudes = Magnitudes(limit=2048.0, largest=float(len(counts)))
    magnitudes.counts[: len(counts)] = counts
    found = kl(magnitudes, levels=3, share=0)
    by_size = {
        size: divergence(counts, size, 4)
        for size in range(4, len(counts) + 1)
        if any(counts[:size])
    }
    assert by_size[int(found)] <= min(by_size.values()) + 1e-9


def test_zeros_change_nothing() -> None:
    values = np.random.default_rng(0).exponential(1, 5000)
    with_zeros = np.concatenate((values, np.zeros(50_000)))
    for find in METHODS.values():
        assert find(seen(values), LEVELS) == find(seen(with_zeros), LEVELS)


def test_the_share_above_a_threshold_counts_zeros_too() -> None:
    magnitudes = seen([0, 0, 1, -2], [3, 0, 0, 8])
    assert magnitudes.share_above(2.5) == pytest.approx(2 / 8)
    assert magnitudes.share_above(0.5) == pytest.approx(4 / 8)
    assert magnitudes.share_above(8) == 0
    assert seen([0]).share_above(0.1) == 0
    assert Magnitudes().share_above(0.1) == 0
