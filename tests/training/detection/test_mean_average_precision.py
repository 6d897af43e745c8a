"""Mean average precision against another way to compute it, slow and plain, and by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.training.detection.mean_average_precision import (
    Area,
    MeanAveragePrecision,
    Truths,
    average_precision,
)
from edgeslim.training.detection.suppression import Detections
from tests.training.detection.made_up import boxes

CLASSES = 3
AREAS = list(Area)


def found(some: Any, scores: Any, classes: Any) -> Detections:
    shaped = np.asarray(some, float).reshape(-1, 4)
    return Detections(
        boxes=shaped, scores=np.asarray(scores, float), classes=np.asarray(classes, np.int64)
    )


def there(some: Any, classes: Any, difficult: Any = None) -> Truths:
    marks = np.zeros(len(classes), bool) if difficult is None else np.asarray(difficult, bool)
    shaped = np.asarray(some, float).reshape(-1, 4)
    return Truths(boxes=shaped, classes=np.asarray(classes, np.int64), difficult=marks)


def overlap(a: Any, b: Any) -> Fraction:
    """Of two boxes whose edges are whole numbers of sixteenths."""
    a, b = ([round(float(edge) * 16) for edge in box] for box in (a, b))
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    common = max(width, 0) * max(height, 0)
    both = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return Fraction(common, both - common)


def plainly(images: list[tuple[Detections, Truths]], number: int, area: Area) -> float | None:
    """Average precision of a class: a list of all detections, walked through once per point."""
    listed = [
        (float(score), image, box)
        for image, (detections, _) in enumerate(images)
        for box, score, kind in zip(
            detections.boxes, detections.scores, detections.classes, strict=True
        )
        if kind == number
    ]
    listed.sort(key=lambda each: -each[0])
    objects = [
        [
            [box, bool(difficult), False]
            for box, kind, difficult in zip(
                truths.boxes, truths.classes, truths.difficult, strict=True
            )
            if kind == number
        ]
        for _, truths in images
    ]
    to_find = sum(not difficult for each in objects for _, difficult, _ in each)
    if not to_find:
        return None
    right = wrong = 0
    points: list[tuple[Fraction, Fraction]] = []
    for _, image, box in listed:
        nearest = max(objects[image], key=lambda each: overlap(box, each[0]), default=None)
        if nearest is None or overlap(box, nearest[0]) < Fraction(1, 2):
            wrong += 1
        elif nearest[1]:
            continue
        elif nearest[2]:
            wrong += 1
        else:
            nearest[2] = True
            right += 1
        points.append((Fraction(right, to_find), Fraction(right, right + wrong)))

    def best(recall: Fraction) -> Fraction:
        return max((p for r, p in points if r >= recall), default=Fraction(0))

    if area is Area.ELEVEN_POINT:
        return float(sum(best(Fraction(tenth, 10)) for tenth in range(11)) / 11)
    return float(sum(best(Fraction(n, to_find)) for n in range(1, to_find + 1)) / to_find)


@st.composite
def images(draw: st.DrawFn) -> Any:
    """Images with detections near their objects, and others, with equal scores among them."""
    made = []
    for _ in range(draw(st.integers(1, 4))):
        objects = draw(boxes(most=4))
        kinds = draw(
            st.lists(st.integers(0, CLASSES - 1), min_size=len(objects), max_size=len(objects))
        )
        hard = draw(st.lists(st.booleans(), min_size=len(objects), max_size=len(objects)))
        stray = draw(boxes(most=3))
        again = draw(st.lists(st.integers(0, max(0, len(objects) - 1)), max_size=4))
        near = objects[again[: 4 if len(objects) else 0]]
        ours = np.concatenate([near, stray])
        of_class = st.integers(0, CLASSES - 1)
        labels = [
            kinds[each] if draw(st.booleans()) else draw(of_class) for each in again[: len(near)]
        ] + [draw(of_class) for _ in stray]
        scores = [draw(st.sampled_from([0.1, 0.3, 0.3, 0.7, 0.9])) for _ in ours]
        made.append((found(ours, scores, labels), there(objects, kinds, hard)))
    return made


@pytest.mark.parametrize("area", AREAS)
@given(values=images())
def test_the_same_as_the_plain_way(values: Any, area: Area) -> None:
    metric = MeanAveragePrecision(area)
    for detections, truths in values:
        metric.add(detections, truths)
    plain = {number: plainly(values, number, area) for number in range(CLASSES)}
    expected = {number: value for number, value in plain.items() if value is not None}
    assert metric.by_class() == pytest.approx(expected)
    mean = sum(expected.values()) / len(expected) if expected else 0.0
    assert metric.value() == pytest.approx(mean)


LEFT, RIGHT = [0.0, 0.0, 0.25, 1.0], [0.5, 0.0, 1.0, 1.0]
HALF = [0.0, 0.0, 0.25, 0.5]
"""Overlaps with LEFT by exactly a half."""


def value(detections: Detections, truths: Truths, area: Area = Area.INTEGRAL) -> float:
    metric = MeanAveragePrecision(area)
    metric.add(detections, truths)
    return metric.value()


@pytest.mark.parametrize("area", AREAS)
def test_everything_found_and_nothing_else(area: Area) -> None:
    both = [LEFT, RIGHT]
    assert value(found(both, [0.2, 0.1], [0, 1]), there(both, [0, 1]), area) == 1.0


def test_one_of_two_found() -> None:
    truths = there([LEFT, RIGHT], [0, 0])
    one = found([LEFT], [0.9], [0])
    assert value(one, truths) == pytest.approx(0.5)
    assert value(one, truths, Area.ELEVEN_POINT) == pytest.approx(6 / 11)


def test_an_overlap_of_a_half_is_enough_and_less_is_not() -> None:
    assert value(found([HALF], [0.9], [0]), there([LEFT], [0])) == 1.0
    smaller = [0.0, 0.0, 0.25, 0.49]
    assert value(found([smaller], [0.9], [0]), there([LEFT], [0])) == 0.0


def test_the_second_find_of_an_object_is_wrong() -> None:
    truths = there([LEFT, RIGHT], [0, 0])
    twice = found([LEFT, LEFT, RIGHT], [0.9, 0.8, 0.7], [0, 0, 0])
    assert value(twice, truths) == pytest.approx((1 + 2 / 3) / 2)


def test_the_surest_is_right_and_not_the_nearest() -> None:
    truths = there([LEFT], [0])
    assert value(found([LEFT, HALF], [0.5, 0.9], [0, 0]), truths) == 1.0
    # The second, wrong one comes after all recall is reached and costs nothing.
    assert value(found([RIGHT, LEFT], [0.9, 0.5], [0, 0]), truths) == pytest.approx(0.5)


def test_difficult_objects_count_for_nothing() -> None:
    truths = there([LEFT, RIGHT], [0, 0], [True, False])
    assert value(found([RIGHT], [0.5], [0]), truths) == 1.0
    assert value(found([LEFT, LEFT, RIGHT], [0.9, 0.8, 0.5], [0, 0, 0]), truths) == 1.0
    assert value(found([LEFT], [0.9], [0]), truths) == 0.0


def test_classes_that_are_not_there_count_for_nothing() -> None:
    truths = there([LEFT], [0])
    assert value(found([LEFT, RIGHT], [0.5, 0.9], [0, 2]), truths) == 1.0
    assert value(found([], [], []), there([], [])) == 0.0


def test_objects_of_another_image_are_not_found() -> None:
    metric = MeanAveragePrecision(Area.INTEGRAL)
    metric.add(found([LEFT], [0.9], [0]), there([], []))
    metric.add(found([], [], []), there([LEFT], [0]))
    assert metric.by_class() == {0: 0.0}


def test_recalls_of_whole_tenths_are_reached() -> None:
    """Three of ten found: in floating point 3 / 10 < 0.1 + 0.2."""
    right = np.ones(3, bool)
    eleven = average_precision(np.array([0.9, 0.8, 0.7]), right, 10, Area.ELEVEN_POINT)
    assert eleven == pytest.approx(4 / 11)
