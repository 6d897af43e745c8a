from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgeslim.training.detection.boxes import overlaps
from edgeslim.training.detection.suppression import Suppression, suppress
from tests.training.detection.made_up import boxes

EVERYTHING = Suppression(least_score=0.0, most_overlap=0.5, of_class=100, of_image=100)


def by_one(found: Any, most_overlap: float) -> list[int]:
    """Suppression as it is told: the surest stays and ends those that overlap with it."""
    left, stays = list(range(len(found))), []
    while left:
        first, *left = left
        stays.append(first)
        shares = {each: overlaps(found[[first]], found[[each]])[0, 0] for each in left}
        left = [each for each in left if shares[each] <= most_overlap]
    return stays


@given(boxes(most=12), st.sampled_from([0.0, 0.3, 0.45, 0.9]))
def test_the_same_as_one_by_one(found: Any, most_overlap: float) -> None:
    assert suppress(found, most_overlap).tolist() == by_one(found, most_overlap)


@st.composite
def scored(draw: st.DrawFn) -> Any:
    found = draw(boxes(most=10))
    shape = (len(found), draw(st.integers(1, 4)))
    return found, draw(arrays(np.float64, shape, elements=st.sampled_from([0.0, 0.2, 0.5, 0.9])))


@given(scored(), st.sampled_from([0.0, 0.3, 0.6]))
def test_classes_do_not_suppress_each_other(values: Any, least: float) -> None:
    found, scores = values
    rule = Suppression(least_score=least, most_overlap=0.4, of_class=100, of_image=100)
    left = rule(found, scores)
    assert (np.diff(left.scores) <= 0).all()
    for number in range(scores.shape[1]):
        sure = [place for place in range(len(found)) if scores[place, number] >= least]
        sure.sort(key=lambda place: -scores[place, number])
        expected = [sure[each] for each in by_one(found[sure], 0.4)]
        mine = left.classes == number
        assert left.boxes[mine].tolist() == found[expected].tolist()
        assert left.scores[mine].tolist() == scores[expected, number].tolist()


def test_numbers_of_boxes_are_limited() -> None:
    apart = np.array([[x / 10, 0, (x + 1) / 10, 1] for x in range(10)])
    scores = np.stack([np.arange(10) / 10, np.arange(10)[::-1] / 20], axis=1)
    rule = Suppression(least_score=0.0, most_overlap=0.5, of_class=3, of_image=5)
    left = rule(apart, scores)
    assert left.scores == pytest.approx([0.9, 0.8, 0.7, 0.45, 0.4])
    assert left.classes.tolist() == [0, 0, 0, 1, 1]
    assert left.boxes[:, 0] == pytest.approx([0.9, 0.8, 0.7, 0, 0.1])


def test_nothing_is_found() -> None:
    rule = Suppression(least_score=0.5, most_overlap=0.5, of_class=3, of_image=5)
    left = rule(np.zeros((2, 4)), np.full((2, 3), 0.4))
    assert (left.boxes.shape, left.scores.shape, left.classes.shape) == ((0, 4), (0,), (0,))
