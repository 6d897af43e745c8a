"""What is told of starts: medians of those that nothing disturbed, and memory less the runner's."""

from __future__ import annotations

from typing import Any

import pytest

from edgeslim.runs.start_records import AloneRecord, StartRecord, StartsRecord
from tests.deployment.made_up_records import made_up_model


def start(load_ms: float, *, cold: bool = False, **fields: Any) -> StartRecord:
    given = {"first_run_ms": 10.0, "own_mb": 30.0, "peak_mb": 110.0, **fields}
    return StartRecord(cold=cold, load_ms=load_ms, **given)


def test_cold_and_warm_starts_are_told_apart_and_disturbed_ones_left_out() -> None:
    starts = StartsRecord(
        starts=(
            start(20.0, waited_ms=1.0),
            start(22.0),
            start(90.0, waited_ms=60.0, first_run_ms=80.0),
            start(40.0, cold=True),
        )
    )
    assert (starts.load_ms, starts.cold_load_ms, starts.first_run_ms) == (21.0, 40.0, 10.0)


def test_where_every_start_was_disturbed_all_of_them_count() -> None:
    starts = StartsRecord(starts=tuple(start(load, waited_ms=load) for load in (20.0, 30.0, 70.0)))
    assert starts.load_ms == 30.0
    assert starts.cold_load_ms is None


def test_memory_is_split_into_the_runner_s_the_runtime_s_and_the_model_s() -> None:
    alone = (AloneRecord(own_mb=30.0, peak_mb=65.0), AloneRecord(own_mb=29.0, peak_mb=64.0))
    starts = StartsRecord(starts=(start(20.0, loaded_mb=90.0, ran_mb=105.0),), alone=alone)
    assert (starts.taken_mb, starts.alone_mb, starts.model_mb) == (80.0, 35.0, 45.0)
    assert (starts.peak_mb, starts.loaded_mb, starts.ran_mb) == (110.0, 90.0, 105.0)
    assert made_up_model(starts=starts).memory_mb == 80.0


def test_a_device_that_says_nothing_of_memory_leaves_it_unknown() -> None:
    starts = StartsRecord(starts=(start(20.0, own_mb=0.0, peak_mb=0.0),))
    assert (starts.taken_mb, starts.alone_mb, starts.model_mb) == (None, None, None)
    assert starts.load_ms == pytest.approx(20.0)
