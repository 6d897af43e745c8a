"""Sums in 16-bit floats, beside sums that are rounded after each term."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeslim.paddle_io.optimized_operators._halves import (
    PARTS,
    HalfSum,
    parts_of,
    round_steps,
    to_half,
)
from edgeslim.paddle_io.optimized_operators._winograd import Winograd, is_winograd

Array = np.ndarray[Any, Any]


def _factors(terms: int, *, positive: bool) -> tuple[Array, Array]:
    """Halves (64, terms) and (terms, 64), whose products are of size 1."""
    draw = np.random.default_rng(terms)
    left = draw.standard_normal((64, terms))
    right = draw.standard_normal((terms, 64)) / np.sqrt(terms)
    return to_half(np.maximum(left, 0) if positive else left), to_half(right)


def _one_by_one(left: Array, right: Array) -> Array:
    total = np.zeros((left.shape[0], right.shape[1]), np.float32)
    for term in range(left.shape[1]):
        total = to_half(total + left[:, term : term + 1] * right[term : term + 1])
    return total


def _in_parts(left: Array, right: Array) -> Array:
    result = HalfSum(np.zeros((), np.float32), np.random.default_rng(0))
    for part in parts_of(left.shape[1]):
        some = left[:, part]
        result.add(some @ right[part], some.shape[1] * np.count_nonzero(some) / some.size)
    return result.total


@pytest.mark.parametrize("terms", [9, 27, 64, 512, 4608])
@pytest.mark.parametrize("positive", [False, True])
def test_sums_in_parts_lose_as_much_as_sums_term_by_term(terms: int, positive: bool) -> None:
    left, right = _factors(terms, positive=positive)
    exact = left.astype(np.float64) @ right.astype(np.float64)
    wanted, found = (
        np.std(total - exact) for total in (_one_by_one(left, right), _in_parts(left, right))
    )
    assert found == pytest.approx(wanted, rel=0.1)


def test_few_terms_are_rounded_as_on_the_device() -> None:
    left, right = _factors(PARTS, positive=False)
    np.testing.assert_array_equal(_in_parts(left, right), _one_by_one(left, right))


def test_halves_are_those_of_sixteen_bits() -> None:
    values = np.array([1 / 3, 2.0**-24, 2.0**-26, 65504, 65519, 65520, -1e9], np.float32)
    wanted = [0.333251953125, 2.0**-24, 0, 65504, 65504, np.inf, -np.inf]
    np.testing.assert_array_equal(to_half(values), wanted)


def test_what_is_nought_stays_so_however_often_it_is_rounded() -> None:
    values = np.array([0.0, 1.0], np.float32)
    found = round_steps(values, 100, np.random.default_rng(0))
    assert found[0] == 0
    assert 0 < abs(found[1] - 1) < 0.02


def test_terms_below_the_last_place_are_lost_and_no_more_than_that() -> None:
    """Of values that 16-bit floats cannot hold, nothing is left but rounding."""
    tiny = np.full((1000,), 1e-10, np.float32)
    found = HalfSum(np.zeros((), np.float32), np.random.default_rng(0)).add(tiny, 100).total
    assert np.max(np.abs(found)) == 0


@pytest.mark.parametrize(
    ("filters", "strides", "dilations", "groups", "expected"),
    [
        ((16, 16, 3, 3), (1, 1), (1, 1), 1, True),
        ((9, 9, 3, 3), (1, 1), (1, 1), 1, True),
        ((16, 8, 3, 3), (1, 1), (1, 1), 1, False),
        ((8, 16, 3, 3), (1, 1), (1, 1), 1, False),
        ((16, 16, 3, 3), (2, 2), (1, 1), 1, False),
        ((16, 16, 3, 3), (1, 1), (2, 2), 1, False),
        ((16, 8, 3, 3), (1, 1), (1, 1), 2, False),
        ((16, 16, 3, 1), (1, 1), (1, 1), 1, False),
        ((16, 16, 5, 5), (1, 1), (1, 1), 1, False),
    ],
)
def test_which_convolutions_are_winograds(
    filters: tuple[int, ...],
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
    groups: int,
    expected: bool,
) -> None:
    assert is_winograd(filters, strides, dilations, groups) is expected


@pytest.mark.parametrize(
    ("channels", "size", "padding", "least", "most"),
    [
        (16, 8, (1, 1, 1, 1), 5e-4, 3e-3),  # tiles of 2x2
        (32, 13, (1, 0, 2, 1), 3e-3, 3e-2),  # tiles of 4x4, the last ones cut off
        (128, 14, (0, 0, 0, 0), 1e-2, 4e-2),
    ],
)
def test_winograd_is_the_convolution_and_loses_more_than_plain_sums(
    channels: int, size: int, padding: tuple[int, ...], least: float, most: float
) -> None:
    draw = np.random.default_rng(0)
    images = to_half(draw.standard_normal((2, channels, size, size)))
    filters = to_half(draw.standard_normal((12, channels, 3, 3)) / np.sqrt(9 * channels))
    top, bottom, left, right = padding
    wide = np.pad(images.astype(np.float64), ((0, 0), (0, 0), (top, bottom), (left, right)))
    axes: Any = (2, 3)  # the types of NumPy 1 know no more than one
    windows = np.lib.stride_tricks.sliding_window_view(wide, (3, 3), axis=axes)
    exact = np.einsum("nchwij,kcij->nkhw", windows, filters)
    found = Winograd(filters, draw)(images, padding)
    assert found.shape == exact.shape
    assert least < np.std(found - exact) / np.std(exact) < most
