"""What is made of measurements of several ways: the fastest, and what is slower than it ought."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.deployment.deployed import mark_fastest, slowness_warnings
from edgeslim.execution import Precision
from edgeslim.measurement import Measurement
from edgeslim.runs.deployment_records import ModelRecord, ModelRound
from tests.deployment.made_up_records import made_up_model
from tests.values import timed

FP32, INT8 = Precision.FP32, Precision.INT8


def way(precision: Precision, threads: int, latency_ms: float | Measurement) -> ModelRecord:
    measured = timed(latency_ms) if isinstance(latency_ms, float) else latency_ms
    return made_up_model(
        precision=precision,
        threads=threads,
        latency_ms=measured.latency_ms,
        rounds=(ModelRound(round=0, samples_ns=measured.samples_ns),),
    )


def restless(latency_ms: float) -> Measurement:
    """Samples half of which are a fifth longer or shorter."""
    return Measurement(samples_ns=tuple(round(latency_ms * s * 1e6) for s in (0.8, 1, 1, 1.2)))


def fastest(*ways: ModelRecord) -> list[bool]:
    return [model.fastest for model in mark_fastest(ways)]


def test_the_fastest_way_is_marked() -> None:
    assert fastest(way(FP32, 1, 4.0), way(FP32, 2, 3.0), way(INT8, 1, 2.0)) == [False, False, True]


def test_of_ways_that_are_as_fast_the_plainest_is_marked() -> None:
    assert fastest(way(INT8, 1, 3.0), way(FP32, 2, 3.0), way(FP32, 1, 3.0)) == [False, False, True]
    apart = (way(INT8, 1, restless(2.9)), way(FP32, 1, restless(3.0)))
    assert fastest(*apart) == [False, True]


def test_lower_precision_that_is_slower_is_told_with_both_latencies() -> None:
    (line,) = slowness_warnings([way(FP32, 1, 2.0), way(INT8, 1, 3.0)])
    assert line == "int8 with 1 thread is 50% slower than fp32 with 1 thread (3.00 ms and 2.00 ms)"


def test_more_threads_that_are_slower_are_told() -> None:
    (line,) = slowness_warnings([way(FP32, 4, 3.0), way(FP32, 2, 2.0)])
    assert line.startswith("fp32 with 4 threads is 50% slower than fp32 with 2 threads (")


def test_each_is_compared_with_what_differs_in_one_thing_alone() -> None:
    ways = [way(FP32, 1, 4.0), way(FP32, 2, 3.0), way(INT8, 1, 2.0), way(INT8, 2, 3.5)]
    assert [line.split(" (")[0] for line in slowness_warnings(ways)] == [
        "int8 with 2 threads is 17% slower than fp32 with 2 threads",
        "int8 with 2 threads is 75% slower than int8 with 1 thread",
    ]


def test_a_difference_within_the_errors_is_not_called_slower() -> None:
    (line,) = slowness_warnings([way(FP32, 1, restless(3.0)), way(INT8, 1, restless(3.1))])
    assert line.startswith("int8 with 1 thread is not faster than fp32 with 1 thread")


@pytest.mark.parametrize(("latency_ms", "told"), [(97.5, True), (102.5, True), (96.5, False)])
def test_what_differs_by_less_than_3_percent_is_as_fast(latency_ms: float, told: bool) -> None:
    ways = [way(FP32, 1, 100.0), way(INT8, 1, latency_ms)]
    assert fastest(*ways) == [told, not told]
    assert ["not faster" in line for line in slowness_warnings(ways)] == [True] * told


def test_without_something_plainer_to_compare_with_nothing_is_told() -> None:
    assert slowness_warnings([way(INT8, 1, 9.0), way(FP32, 2, 1.0)]) == ()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(Precision)), st.integers(1, 8), st.floats(0.01, 100).map(timed)
        ),
        min_size=1,
        unique_by=lambda drawn: drawn[:2],
    )
)
def test_one_is_fastest_and_nothing_is_faster_than_it(
    ways: list[tuple[Precision, int, Measurement]],
) -> None:
    marked = mark_fastest([way(*variant) for variant in ways])
    (best,) = [model for model in marked if model.fastest]
    assert best.latency_ms <= 1.03 * min(model.latency_ms for model in marked)
