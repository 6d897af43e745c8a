"""When outputs are still those of the model."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.deployment.outputs import _difference, acceptable
from edgeslim.execution import Precision

RNG = np.random.default_rng(0)
TRUTH = [[RNG.normal(3, 2, size=(2, 10))] for _ in range(8)]
LOWER = [each for each in Precision if each is not Precision.FP32]


@pytest.mark.parametrize("precision", list(Precision))
def test_the_same_outputs_are_accepted(precision: Precision) -> None:
    difference = _difference(TRUTH, TRUTH)
    assert (difference.max_abs, difference.lost, difference.top1) == (0, 0, 1)
    assert acceptable(difference, precision)


@pytest.mark.parametrize("precision", LOWER)
def test_rounding_is_accepted_of_lower_precision_and_not_of_fp32(precision: Precision) -> None:
    step = 8 / 127
    rounded = [[np.round(each[0] / step) * step] for each in TRUTH]
    difference = _difference(TRUTH, rounded)
    assert 0 < difference.lost < 1e-3
    assert difference.max_abs <= step / 2 + 1e-9
    assert acceptable(difference, precision)
    assert not acceptable(difference, Precision.FP32)


@pytest.mark.parametrize("precision", list(Precision))
@pytest.mark.parametrize(
    "garbage",
    [
        [[np.zeros((2, 10))]] * 8,
        [[np.full((2, 10), np.mean(TRUTH))]] * 8,
        [[RNG.normal(3, 2, size=(2, 10))] for _ in range(8)],
        [[each[0] * 40] for each in TRUTH],
    ],
    ids=["zeros", "the mean", "another model's", "out of scale"],
)
def test_garbage_is_refused_in_every_precision(
    garbage: list[list[np.ndarray]], precision: Precision
) -> None:
    assert not acceptable(_difference(TRUTH, garbage), precision)


def test_rounding_of_outputs_that_hardly_vary_is_no_garbage() -> None:
    truth = [[0.1 + 1e-4 * RNG.normal(size=(1, 10))] for _ in range(8)]
    difference = _difference(truth, [[np.full((1, 10), 0.1)]] * 8)
    assert difference.lost > 0.5
    assert acceptable(difference, Precision.INT8_WEIGHTS)


def test_a_constant_output_loses_what_it_is_off_by() -> None:
    assert _difference([[np.ones(3)]], [[np.zeros(3)]]).lost == 1
    assert _difference([[np.zeros(3)]], [[np.zeros(3)]]).lost == 0
    assert _difference([[np.zeros(3)]], [[np.ones(3)]]).lost == float("inf")


def test_top_1_is_the_share_of_rows_of_a_classifier_with_the_same_class() -> None:
    turned = [[each[0].copy()] for each in TRUTH]
    turned[0][0][0, turned[0][0][0].argmin()] = 99
    assert _difference(TRUTH, turned).top1 == pytest.approx(15 / 16)
    boxes = [[np.ones((1, 4, 4))]]
    assert _difference(boxes, boxes).top1 is None


def test_the_worst_output_of_several_counts() -> None:
    good, bad = TRUTH[0][0], np.zeros((2, 10))
    assert _difference([[good, good]], [[good, bad]]).lost > 1
