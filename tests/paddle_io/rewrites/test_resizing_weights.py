"""What each pixel counts in a resized line."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.paddle_io.rewrites.absent_resizing import resizing_weights


@pytest.mark.parametrize("kind", ["nearest", "linear", "bicubic"])
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize(("size", "wanted", "factor"), [(7, 3, 0.5), (5, 9, 0.0), (4, 8, 2.0)])
def test_the_weights_of_each_pixel_add_up_to_one(
    kind: str, align_corners: bool, size: int, wanted: int, factor: float
) -> None:
    matrix = resizing_weights(
        kind, size, wanted, factor=factor, align_corners=align_corners, align_mode=0
    )
    assert matrix.shape == (size, wanted)
    np.testing.assert_allclose(matrix.sum(axis=0), 1.0, atol=1e-12)


def test_the_nearest_of_twice_as_many_is_each_twice() -> None:
    matrix = resizing_weights("nearest", 3, 6, factor=2.0, align_corners=False, align_mode=0)
    assert matrix.argmax(axis=0).tolist() == [0, 0, 1, 1, 2, 2]


def test_corners_that_are_the_same_have_a_middle_between_them() -> None:
    matrix = resizing_weights("bilinear", 2, 3, factor=0.0, align_corners=True, align_mode=1)
    np.testing.assert_allclose(matrix, [[1, 0.5, 0], [0, 0.5, 1]])


def test_a_factor_counts_and_not_the_sizes() -> None:
    by_factor = resizing_weights("bilinear", 7, 3, factor=0.5, align_corners=False, align_mode=0)
    places = by_factor.T @ np.arange(7)
    np.testing.assert_allclose(places, [0.5, 2.5, 4.5])
    by_sizes = resizing_weights("bilinear", 7, 3, factor=0.0, align_corners=False, align_mode=0)
    np.testing.assert_allclose(by_sizes.T @ np.arange(7), [2 / 3, 3.0, 16 / 3])


def test_one_pixel_is_the_first_of_a_picture_and_the_middle_of_a_line() -> None:
    picture = resizing_weights("bilinear", 3, 1, factor=0.0, align_corners=False, align_mode=0)
    line = resizing_weights("linear", 3, 1, factor=0.0, align_corners=False, align_mode=0)
    assert picture.ravel().tolist() == [1, 0, 0]
    assert line.ravel().tolist() == [0, 1, 0]


def test_a_line_of_its_own_size_is_itself() -> None:
    matrix = resizing_weights("bicubic", 5, 5, factor=0.0, align_corners=True, align_mode=0)
    np.testing.assert_allclose(matrix, np.eye(5), atol=1e-12)


def test_cubic_weights_are_those_of_keys() -> None:
    matrix = resizing_weights("bicubic", 8, 16, factor=2.0, align_corners=False, align_mode=0)
    # A quarter of a pixel from the third, with a = -0.75.
    column = matrix[:, 6]
    np.testing.assert_allclose(column[1:5], [-0.03515625, 0.26171875, 0.87890625, -0.10546875])
