"""What convolutions and pooling pad, by each rule that Paddle has."""

from __future__ import annotations

import pytest

from edgeslim.window_sides import window_sides


@pytest.mark.parametrize(
    ("given", "expected"),
    [((1, 2), (1, 1, 2, 2)), ((0, 1, 2, 3), (0, 1, 2, 3)), ((1, 2, 3), (1, 1, 2, 2, 3, 3))],
)
def test_what_is_given_is_for_both_sides_or_for_each(
    given: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    axes = len(expected) // 2
    found = window_sides("EXPLICIT", given, (9,) * axes, (3,) * axes, (1,) * axes)
    assert found == expected


def test_valid_pads_nothing_whatever_is_given() -> None:
    assert window_sides("VALID", (1, 1), (9, 9), (3, 3), (2, 2)) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("extent", "window", "stride", "expected"),
    [(8, 3, 1, (1, 1)), (8, 3, 2, (0, 1)), (9, 3, 2, (1, 1)), (8, 5, 1, (2, 2)), (8, 1, 2, (0, 0))],
)
def test_same_keeps_a_window_for_each_stride_and_the_odd_one_is_behind(
    extent: int, window: int, stride: int, expected: tuple[int, int]
) -> None:
    assert window_sides("SAME", (7, 7), (extent,), (window,), (stride,)) == expected
