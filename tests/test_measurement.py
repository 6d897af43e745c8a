"""Samples, their middle and their spread."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.measurement import HOT, CacheState, Measurement, RunSummary

COLD = CacheState(swept_bytes=8 * 2**20)


def test_a_measurement_needs_samples_above_zero() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        Measurement(samples_ns=())
    with pytest.raises(ValueError, match="above 0 ns, not -1"):
        Measurement(samples_ns=(5, -1))
    with pytest.raises(ValueError, match="above 0 ns, not 0"):
        Measurement(samples_ns=(0,))
    with pytest.raises(ValueError, match="warmup must be 0 or more, not -1"):
        Measurement(samples_ns=(1,), warmup=-1)
    with pytest.raises(ValueError, match="swept_bytes must be 0 or more, not -1"):
        CacheState(swept_bytes=-1)


def test_latency_is_the_median_so_that_one_interruption_is_nothing() -> None:
    measurement = Measurement(samples_ns=(2_000_000, 1_000_000, 900_000_000))
    assert measurement.latency_ms == 2.0
    assert measurement.minimum_ms == 1.0
    assert Measurement(samples_ns=(1_000_000, 3_000_000)).latency_ms == 2.0


def test_the_90th_percentile_is_between_the_slowest_samples() -> None:
    measurement = Measurement(samples_ns=tuple(range(1_000_000, 12_000_000, 1_000_000)))
    assert measurement.p90_ms == pytest.approx(10.0)


def test_spread_is_half_the_middle_half() -> None:
    steady = Measurement(samples_ns=(100, 100, 100, 100, 900))
    assert (steady.spread, steady.is_stable) == (0.0, True)
    spread = Measurement(samples_ns=(80_000, 90_000, 100_000, 110_000, 120_000))
    assert spread.spread == pytest.approx(0.1)
    assert not spread.is_stable


def test_below_a_microsecond_a_spread_is_the_clock_s() -> None:
    short = Measurement(samples_ns=(80, 90, 100, 110, 120))
    assert short.spread == pytest.approx(0.1)
    assert short.is_stable


def test_the_standard_error_is_that_of_the_median_of_normal_noise() -> None:
    generator = np.random.default_rng(0)
    runs = [
        Measurement(samples_ns=tuple(int(each) for each in samples))
        for samples in generator.normal(1e6, 3e4, (2000, 49))
    ]
    observed = float(np.std([run.latency_ms for run in runs]))
    claimed = float(np.mean([run.standard_error * run.latency_ms for run in runs]))
    assert claimed == pytest.approx(observed, rel=0.1)


def test_pooling_keeps_every_sample_and_the_fewest_warmups() -> None:
    parts = [
        Measurement(samples_ns=(1, 2), warmup=3),
        Measurement(samples_ns=(3,), warmup=1),
        Measurement(samples_ns=(4, 5), warmup=2),
    ]
    assert Measurement.pool(parts) == Measurement(samples_ns=(1, 2, 3, 4, 5), warmup=1)
    assert Measurement.pool(parts[:1]) is parts[0]


def test_what_was_measured_in_other_states_is_not_pooled() -> None:
    hot, cold = Measurement(samples_ns=(1,)), Measurement(samples_ns=(1,), cache=COLD)
    with pytest.raises(ValueError, match="cannot pool hot with other cache states"):
        Measurement.pool([hot, cold])
    with pytest.raises(ValueError, match="no measurements to pool"):
        Measurement.pool([])


def test_states_are_ordered_by_what_they_touch_and_say_it() -> None:
    assert sorted([COLD, HOT]) == [HOT, COLD]
    assert (str(HOT), str(COLD)) == ("hot", "8 MB swept")


def test_a_mean_has_the_runs_and_the_deviation_behind_it() -> None:
    mean = Measurement(samples_ns=(1_000_000,), summary=RunSummary(runs=100, deviation=0.2))
    assert (mean.latency_ms, mean.runs, mean.is_stable) == (1.0, 100, False)
    assert mean.standard_error == pytest.approx(0.02 * np.sqrt(np.pi / 2))
    steady = Measurement(samples_ns=(1_000_000,), summary=RunSummary(runs=1))
    assert (steady.standard_error, steady.is_stable) == (0.0, True)


def test_means_that_are_pooled_count_by_their_runs() -> None:
    first = Measurement(samples_ns=(1_000_000,), summary=RunSummary(runs=30, deviation=0.1))
    other = Measurement(samples_ns=(3_000_000,), summary=RunSummary(runs=10, deviation=0.3))
    pooled = Measurement.pool([first, other])
    assert (pooled.samples_ns, pooled.runs) == ((1_000_000, 3_000_000), 40)
    assert isinstance(pooled.summary, RunSummary)
    assert pooled.summary.deviation == pytest.approx(np.sqrt((30 * 0.01 + 10 * 0.09) / 40))
    assert pooled.spread > first.spread
    with_samples = Measurement.pool([first, Measurement(samples_ns=(1_000_000, 1_100_000))])
    assert with_samples.runs == 32
    assert Measurement.pool([Measurement(samples_ns=(1,)), Measurement(samples_ns=(2,))]).runs == 2


def test_a_summary_is_of_some_runs() -> None:
    with pytest.raises(ValueError, match="at least 1 run, not 0"):
        RunSummary(runs=0)
    with pytest.raises(ValueError, match=r"0 or more, not -0\.1"):
        RunSummary(runs=1, deviation=-0.1)
