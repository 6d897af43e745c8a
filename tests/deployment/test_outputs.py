"""When outputs are still those of the model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import erf

from edgeslim.deployment.deployed import rounding_warning
from edgeslim.deployment.judgement import difference_of, is_acceptable, is_rounding
from edgeslim.execution import Precision

RNG = np.random.default_rng(0)
TRUTH = [[RNG.normal(3, 2, size=(2, 10))] for _ in range(8)]
LOWER = [precision for precision in Precision if precision is not Precision.FP32]


@pytest.mark.parametrize("precision", list(Precision))
def test_the_same_outputs_are_accepted(precision: Precision) -> None:
    difference = difference_of(TRUTH, TRUTH)
    assert (difference.max_abs, difference.lost, difference.top1) == (0, 0, 1)
    assert is_acceptable(difference, precision)


@pytest.mark.parametrize("precision", LOWER)
def test_rounding_is_accepted_of_lower_precision_and_not_of_fp32(precision: Precision) -> None:
    step = 8 / 127
    rounded = [[np.round(arrays[0] / step) * step] for arrays in TRUTH]
    difference = difference_of(TRUTH, rounded)
    assert 0 < difference.lost < 1e-3
    assert difference.max_abs <= step / 2 + 1e-9
    assert is_acceptable(difference, precision)
    assert not is_acceptable(difference, Precision.FP32)


@pytest.mark.parametrize("precision", list(Precision))
@pytest.mark.parametrize(
    "garbage",
    [
        [[np.zeros((2, 10))]] * 8,
        [[np.full((2, 10), np.mean(TRUTH))]] * 8,
        [[RNG.normal(3, 2, size=(2, 10))] for _ in range(8)],
        [[arrays[0] * 40] for arrays in TRUTH],
    ],
    ids=["zeros", "the mean", "another model's", "out of scale"],
)
def test_garbage_is_refused_in_every_precision(
    garbage: list[list[np.ndarray]], precision: Precision
) -> None:
    assert not is_acceptable(difference_of(TRUTH, garbage), precision)


def test_rounding_of_outputs_that_hardly_vary_is_no_garbage() -> None:
    truth = [[0.1 + 1e-4 * RNG.normal(size=(1, 10))] for _ in range(8)]
    difference = difference_of(truth, [[np.full((1, 10), 0.1)]] * 8)
    assert difference.lost > 0.5
    assert is_acceptable(difference, Precision.INT8_WEIGHTS)


def test_a_constant_output_loses_what_it_is_off_by() -> None:
    assert difference_of([[np.ones(3)]], [[np.zeros(3)]]).lost == 1
    assert difference_of([[np.zeros(3)]], [[np.zeros(3)]]).lost == 0
    assert difference_of([[np.zeros(3)]], [[np.ones(3)]]).lost == float("inf")


def test_top_1_is_the_share_of_rows_of_a_classifier_with_the_same_class() -> None:
    turned = [[arrays[0].copy()] for arrays in TRUTH]
    turned[0][0][0, turned[0][0][0].argmin()] = 99
    assert difference_of(TRUTH, turned).top1 == pytest.approx(15 / 16)
    boxes = [[np.ones((1, 4, 4))]]
    assert difference_of(boxes, boxes).top1 is None


def test_the_worst_output_of_several_counts() -> None:
    good, bad = TRUTH[0][0], np.zeros((2, 10))
    assert difference_of([[good, good]], [[good, bad]]).lost > 1


@pytest.mark.parametrize("precision", list(Precision))
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_a_difference(value: float, precision: Precision) -> None:
    broken = [[arrays[0].copy()] for arrays in TRUTH]
    broken[3][0][1, 4] = value
    for truth, found in ((TRUTH, broken), (broken, TRUTH), (broken, broken)):
        difference = difference_of(truth, found)
        assert (difference.max_abs, difference.max_rel, difference.lost) == (np.inf,) * 3
        assert difference.wrong == pytest.approx(1 / 160)
        assert not is_acceptable(difference, precision)


@pytest.mark.parametrize("largest", [2e3, 1e5, 1e6])
@pytest.mark.parametrize("share", [0.5, 0.02])
def test_one_large_value_does_not_hide_an_operator_that_is_off_by_one(
    largest: float, share: float
) -> None:
    quotients = np.floor(RNG.normal(0, 10, size=1000)).astype(np.float32)
    quotients[0] = largest
    truth = [[quotients], [quotients[::-1]]]
    wrong = np.where(np.arange(1000) < 1000 * share, quotients + 1, quotients)
    difference = difference_of(truth, [[wrong], [wrong[::-1]]])
    assert difference.max_rel < 1e-3
    assert difference.wrong == pytest.approx(share, abs=2e-3)
    assert not is_acceptable(difference, Precision.FP32)


def single(truth: np.ndarray) -> np.ndarray:
    """The same with rounding as of a sum of many terms in single precision."""
    noise = np.random.default_rng(1).normal(size=truth.shape)
    return np.asarray(truth + 3e-6 * noise * np.std(truth), np.float32)


@pytest.mark.parametrize(
    "truth",
    [
        RNG.normal(size=(1, 1000)),
        RNG.normal(size=(1, 1000)) * 1e-16,
        np.maximum(RNG.normal(size=(1, 64, 7, 7)), 0),
        RNG.normal(size=(1, 1000)) ** 3,
        np.concatenate([RNG.uniform(0, 1000, (300, 4)), RNG.uniform(0, 1, (300, 2))], axis=1),
    ],
    ids=["scores", "tiny", "half zeros", "cubes", "boxes and scores"],
)
def test_rounding_of_sums_is_accepted_in_fp32(truth: np.ndarray) -> None:
    assert is_acceptable(difference_of([[truth]], [[single(truth)]]), Precision.FP32)


def test_rounding_is_accepted_where_values_are_of_all_sizes() -> None:
    logarithms = RNG.normal(0, 8, size=(1, 1000))
    difference = difference_of([[np.exp(logarithms)]], [[np.exp(single(logarithms))]])
    assert is_acceptable(difference, Precision.FP32)


def test_rounding_of_scores_is_accepted_after_a_softmax() -> None:
    scores = RNG.normal(0, 30, size=(1, 1000))

    def softmax(scores: np.ndarray) -> np.ndarray:
        powers = np.exp(scores - scores.max())
        return np.asarray(powers / powers.sum(), np.float32)

    difference = difference_of([[softmax(scores)]], [[softmax(single(scores))]])
    assert is_acceptable(difference, Precision.FP32)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_integers_are_equal_or_wrong(dtype: type) -> None:
    truth: list[list[Any]] = [[RNG.integers(0, 100, size=(2, 50)).astype(dtype)] for _ in range(2)]
    assert is_acceptable(difference_of(truth, truth), Precision.FP32)
    other = [[arrays[0].copy()] for arrays in truth]
    other[0][0][0, 0] += 1
    difference = difference_of(truth, other)
    assert difference.wrong == 1 / 200
    assert not is_acceptable(difference, Precision.FP32)


def test_integers_that_no_double_tells_apart_are_told_apart() -> None:
    truth = [[np.array([2**53, 1])]]
    assert difference_of(truth, [[np.array([2**53 + 1, 1])]]).wrong == 0.5


def test_truth_values_are_equal_or_wrong() -> None:
    truth = [[np.array([True, False, True])]]
    assert is_acceptable(difference_of(truth, truth), Precision.FP32)
    assert not is_acceptable(difference_of(truth, [[np.array([True, True, True])]]), Precision.FP32)


def test_a_map_of_classes_may_have_a_few_where_rounding_decides() -> None:
    truth = RNG.integers(0, 19, size=(1, 64, 64))
    few, many = truth.copy(), truth.copy()
    few.flat[:3] += 1
    many.flat[:50] += 1
    assert is_acceptable(difference_of([[truth]], [[few]]), Precision.FP32)
    assert not is_acceptable(difference_of([[truth]], [[many]]), Precision.FP32)


def test_a_device_that_ignores_an_input_on_which_little_depends_is_refused() -> None:
    truth = [[1 + 1e-4 * RNG.normal(size=(1, 100))] for _ in range(2)]
    difference = difference_of(truth, [truth[0], truth[0]])
    assert difference.max_rel < 1e-3
    assert not is_acceptable(difference, Precision.FP32)
    assert is_acceptable(
        difference_of(truth, [[single(arrays[0])] for arrays in truth]), Precision.FP32
    )


def test_the_output_that_is_furthest_off_is_known() -> None:
    good, bad = TRUTH[0][0], TRUTH[0][0] + 1
    assert difference_of([[good, good, good]], [[good, bad, good]]).worst == 1


def test_another_function_within_the_bound_is_accepted_and_said() -> None:
    x = RNG.normal(0, 2, size=(1, 4000))
    gelu = x / 2 * (1 + erf(x / np.sqrt(2)))
    by_tanh = x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    other, rounded = difference_of([[gelu]], [[by_tanh]]), difference_of([[gelu]], [[single(gelu)]])
    assert is_acceptable(other, Precision.FP32)
    assert is_acceptable(rounded, Precision.FP32)
    assert not is_rounding(other)
    assert is_rounding(rounded)

    assert rounding_warning("net", Precision.FP32, None, rounded) == ""
    assert rounding_warning("net", Precision.FP16, None, other) == ""
    line = rounding_warning("net", Precision.FP32, None, other)
    assert "net in fp32: " in line
    assert "% of its outputs differ from Paddle's by more than rounding, up to " in line
