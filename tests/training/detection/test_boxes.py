from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from edgeslim.training.detection.boxes import areas, centres_and_sizes, edges, overlaps
from tests.training.detection.made_up import boxes

GRID = 16


def pixels(box: Any) -> set[tuple[int, int]]:
    left, top, right, bottom = np.rint(box * GRID).astype(int)
    return {(x, y) for x in range(left, right) for y in range(top, bottom)}


@given(boxes(), boxes())
def test_an_overlap_is_the_share_of_common_pixels(some: Any, others: Any) -> None:
    found = overlaps(some, others)
    assert found.shape == (len(some), len(others))
    for row, a in zip(found, some, strict=True):
        for share, b in zip(row, others, strict=True):
            common, either = pixels(a) & pixels(b), pixels(a) | pixels(b)
            assert share == pytest.approx(len(common) / len(either))


@given(boxes())
def test_a_box_overlaps_with_itself_wholly(some: Any) -> None:
    assert np.diag(overlaps(some, some)) == pytest.approx(np.ones(len(some)))


def test_the_overlap_is_that_of_the_voc_kit() -> None:
    """Pixel numbers 1 to 10 and 6 to 15, both ends belonging to the box, in a row of 20."""
    common, union = 10 - 6 + 1, (10 - 1 + 1) + (15 - 6 + 1) - (10 - 6 + 1)
    first = np.array([[0 / 20, 0, 10 / 20, 1]])
    second = np.array([[5 / 20, 0, 15 / 20, 1]])
    assert overlaps(first, second)[0, 0] == pytest.approx(common / union)


def test_boxes_without_area() -> None:
    point, turned = np.array([[0.5, 0.5, 0.5, 0.5]]), np.array([[0.8, 0.8, 0.2, 0.2]])
    assert overlaps(point, point) == 0
    assert overlaps(turned, point) == 0
    assert areas(turned) == 0


@given(boxes())
def test_centres_and_sizes_say_all(some: Any) -> None:
    assert edges(*centres_and_sizes(some)) == pytest.approx(some)
