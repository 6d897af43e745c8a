"""What operators take inside, from rounds that nobody made and whose truth is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeslim.measuring.inside_estimate import InsideTimes, estimate_inside
from edgeslim.measuring.prefix_rounds import PrefixRounds

Array = np.ndarray[Any, Any]


def rounds_of(levels_ms: Array) -> PrefixRounds:
    count = levels_ms.shape[1]
    before = np.hstack([np.zeros((len(levels_ms), 1)), levels_ms[:, :-1]])
    return PrefixRounds(
        kinds=("conv2d",) * count,
        cuts=tuple(range(1, count + 1)),
        levels_ms=levels_ms,
        steps_ms=levels_ms - before,
        wholes_ms=np.repeat(levels_ms[:, -1:], 2, axis=1),
        disturbed=0.0,
        seconds=1.0,
    )


def made_up(
    truth_ms: Array, rounds: int, *, seed: int, noise: float, bursts: float = 0.0
) -> PrefixRounds:
    """Rounds on a device that drifts from round to round and within each."""
    generator = np.random.default_rng(seed)
    parts = np.cumsum(truth_ms)
    moments = np.linspace(0, 1, len(parts))
    levels = []
    for number in range(rounds):
        passed = moments if number % 2 == 0 else 1 - moments
        speed = np.exp(generator.normal(0, 0.03)) * (1 + 0.01 * passed)
        rough = np.exp(generator.normal(0, noise, len(parts)))
        burst = generator.exponential(0.3, len(parts)) * (generator.random(len(parts)) < bursts)
        levels.append(parts * speed * rough * (1 + burst))
    return rounds_of(np.array(levels))


def values(times: InsideTimes) -> Array:
    return np.array([own.latency_ms for own in times.operators])


def share_within(times: InsideTimes, truth_ms: Array) -> float:
    scale = times.whole_ms / truth_ms.sum()
    lows, highs = np.array([own.interval_ms for own in times.operators]).T
    return float(np.mean((truth_ms * scale >= lows) & (truth_ms * scale <= highs)))


def test_without_noise_times_are_exact() -> None:
    truth = np.array([1.0, 0.0, 2.5, 0.25])
    times = estimate_inside(rounds_of(np.tile(np.cumsum(truth), (4, 1))))
    assert values(times) == pytest.approx(truth, abs=1e-9)
    assert times.sum_ms == pytest.approx(times.whole_ms)
    assert [(own.first, own.last) for own in times.operators] == [(n, n) for n in range(4)]


def test_a_slower_round_and_an_even_drift_change_nothing() -> None:
    truth = np.linspace(0.1, 1.0, 20)
    times = estimate_inside(made_up(truth, 8, seed=0, noise=0.0))
    scale = times.whole_ms / truth.sum()
    assert values(times) == pytest.approx(truth * scale, rel=0.03)
    assert times.sum_ms == pytest.approx(times.whole_ms, rel=0.005)


@pytest.mark.parametrize("bursts", [0.0, 0.15])
def test_intervals_hold_and_bursts_of_noise_do_not_move_times(bursts: float) -> None:
    truth = np.random.default_rng(5).gamma(0.7, 1.0, 40)
    held, off = [], []
    for seed in range(8):
        times = estimate_inside(made_up(truth, 12, seed=seed, noise=0.004, bursts=bursts))
        held.append(share_within(times, truth))
        scale = times.whole_ms / truth.sum()
        off.append(np.median(np.abs(values(times) / scale - truth)) / truth.mean())
        assert times.sum_ms == pytest.approx(times.whole_ms, rel=0.02)
    assert np.mean(held) > 0.85
    assert np.mean(off) < 0.05


def test_more_rounds_make_closer_intervals() -> None:
    truth = np.full(30, 0.5)
    widths = []
    for rounds in (4, 16):
        times = estimate_inside(made_up(truth, rounds, seed=1, noise=0.004))
        widths.append(
            np.median([own.interval_ms[1] - own.interval_ms[0] for own in times.operators])
        )
    assert widths[1] < widths[0] / 2


def test_no_operator_takes_less_than_nothing() -> None:
    truth = np.array([5.0, *[0.001] * 20])
    times = estimate_inside(made_up(truth, 6, seed=2, noise=0.01))
    assert min(values(times)) >= 0
    assert all(low >= 0 for own in times.operators for low in own.interval_ms)


def test_operators_around_a_part_that_does_not_run_are_told_together() -> None:
    levels = np.cumsum(np.tile([1.0, 2.0, 3.0, 4.0], (5, 1)), axis=1)
    levels[:, 1] = np.nan
    levels[0, 2] = np.nan  # one of five rounds lacks another
    times = estimate_inside(rounds_of(levels))
    assert [(own.first, own.last) for own in times.operators] == [(0, 0), (1, 2), (3, 3)]
    assert values(times) == pytest.approx([1.0, 5.0, 4.0], abs=1e-6)
