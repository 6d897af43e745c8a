"""Metrics with their intervals: values from tables of Wilson's score."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.training.metric_value import (
    MetricValue,
    few_examples_text,
    metric_value,
    metric_values,
    wilson_interval,
)
from edgeslim.training.tasks._classification import TopFive, TopOne


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [
        # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson(right: int, count: int, low: float, high: float) -> None:
    assert wilson_interval(right / count, count) == pytest.approx((low, high), abs=5e-5)


@given(count=st.integers(1, 10_000), data=st.data())
def test_an_interval_holds_what_was_found_and_stays_within_0_and_1(
    count: int, data: st.DataObject
) -> None:
    right = data.draw(st.integers(0, count))
    low, high = wilson_interval(right / count, count)
    assert 0 <= low <= right / count <= high <= 1
    assert wilson_interval(1 - right / count, count) == pytest.approx((1 - high, 1 - low))


def test_only_shares_of_examples_have_intervals() -> None:
    class MeanAveragePrecision:
        def update(self, *_: object) -> None:
            raise NotImplementedError

        def value(self) -> float:
            return 0.5

    assert metric_value(0.5, 70, MeanAveragePrecision) == MetricValue(value=0.5, examples=70)
    known = metric_values(
        {"accuracy": 0.9, "accuracy_top5": 1.0},
        70,
        {"accuracy": TopOne, "accuracy_top5": TopFive},
    )
    assert known["accuracy"].about == "70 examples, 80.8 to 95.1 %"
    assert known["accuracy_top5"].high == 1.0
    assert MetricValue(value=0.5, examples=1070).about == "1,070 examples"


def test_few_examples_are_said_to_be() -> None:
    few = few_examples_text("accuracy", metric_value(0.9, 70, TopOne))
    assert few.startswith("with 70 examples, an accuracy of 90.0% may be 80.8% to 95.1%:")
    assert not few_examples_text("accuracy", metric_value(0.9, 2000, TopOne))
    assert not few_examples_text("precision", MetricValue(value=0.9, examples=7))
