"""Answers of classifiers and detectors, kept by batches and compared at the end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeslim.errors import ModelError
from edgeslim.evaluating.answers import join_answers
from edgeslim.evaluating.box_answers import BoxJudge, BoxMatches, weighted_precision
from edgeslim.evaluating.class_answers import OutputJudge
from edgeslim.training.detection.mean_average_precision import (
    Area,
    MeanAveragePrecision,
    Truths,
    average_precision,
)
from edgeslim.training.detection.suppression import Detections
from edgeslim.training.tasks import Targets, TopOne

NAMES = ("cat", "dog", "cow")
CLASSES = OutputJudge(metrics={"accuracy": TopOne}, class_names=NAMES)


def shown(judge: Any, outputs: Any, labels: list[int], finite: Any = None) -> dict[str, Any]:
    """Answers to pictures whose classes are known."""
    scores = np.asarray(outputs, np.float32)
    known = np.isfinite(scores).all(axis=1) if finite is None else np.asarray(finite)
    return dict(judge.answers([scores], (np.asarray(labels, np.int64),), known))


PADDLE: list[list[float]] = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.6, 0.4, 0]]
DEVICE: list[list[float]] = [[1, 0, 0], [0.9, 0.1, 0], [0, 0, 1], [0.4, 0.6, 0]]
LABELS = [0, 1, 2, 1]


def test_shares_are_compared_picture_by_picture() -> None:
    device, paddle = shown(CLASSES, DEVICE, LABELS), shown(CLASSES, PADDLE, LABELS)
    compared = CLASSES.compare(device, paddle)
    (metric,) = compared.metrics
    assert (metric.device.value, metric.paddle.value) == (0.75, 0.75)
    assert (metric.only_device, metric.only_paddle, metric.p_value) == (1, 1, 1.0)
    assert metric.difference == 0
    assert compared.differs.tolist() == [False, True, False, True]
    assert compared.texts(1) == ("dog", "cat (0.9)", "dog (1)")


def test_answers_of_batches_are_those_of_all() -> None:
    whole = shown(CLASSES, DEVICE, LABELS)
    parts = [shown(CLASSES, DEVICE[a:b], LABELS[a:b]) for a, b in ((0, 1), (1, 4))]
    joined = join_answers(parts)
    assert joined.keys() == whole.keys()
    for name, array in whole.items():
        assert np.array_equal(joined[name], array)


def test_what_is_no_number_is_answered_wrongly() -> None:
    device = [row[:] for row in PADDLE]
    device[0] = [np.nan, 0, 0]
    compared = CLASSES.compare(shown(CLASSES, device, LABELS), shown(CLASSES, PADDLE, LABELS))
    (metric,) = compared.metrics
    assert (metric.only_device, metric.only_paddle) == (0, 1)
    assert compared.differs.tolist() == [True, False, False, False]
    assert compared.texts(0) == ("cat", "no finite numbers", "cat (1)")


def test_a_class_that_the_network_lacks_is_told_with_the_first_batch() -> None:
    with pytest.raises(ModelError, match="the network has 3 classes, but the task has class 3"):
        shown(CLASSES, PADDLE, [0, 1, 2, 3])


class Brightness:
    """A metric of a task's own: how near the means of outputs are to what is wanted."""

    def __init__(self) -> None:
        self._off: list[float] = []

    def update(self, outputs: Any, targets: Targets) -> None:
        self._off += np.abs(outputs[0].mean(axis=1) - targets[0]).tolist()

    def value(self) -> float:
        return 1 - float(np.mean(self._off))


OWN = OutputJudge(metrics={"brightness": Brightness})


def wanted(outputs: Any, finite: Any = True) -> dict[str, Any]:
    rows = np.asarray(outputs, np.float32)
    known = np.broadcast_to(finite, len(rows)).copy()
    return dict(OWN.answers([rows], (np.linspace(0, 0.5, len(rows)),), known))


def test_a_metric_of_the_tasks_own_has_an_interval_over_drawn_pictures() -> None:
    rows = np.linspace(0, 0.5, 40)[:, None].repeat(3, axis=1)
    compared = OWN.compare(wanted(rows + 0.1), wanted(rows))
    (metric,) = compared.metrics
    assert not compared.names_answers
    assert metric.difference == pytest.approx(-0.1, abs=1e-6)
    assert metric.interval == pytest.approx((-0.1, -0.1), abs=1e-6)
    assert (metric.only_device, metric.p_value) == (None, None)
    assert "bootstrap" in metric.method


def test_a_metric_of_the_tasks_own_is_given_no_numbers_that_are_none() -> None:
    rows = np.zeros((4, 3))
    with pytest.raises(ModelError, match="no finite numbers for 1 of 4 pictures"):
        OWN.compare(wanted(rows, [True, False, True, True]), wanted(rows))


class FakeDetector:
    """A metric that reads detections out of a list, by the number in the output."""

    def __init__(self, pairs: list[tuple[Detections, Truths]], area: Area) -> None:
        self.area = area
        self._pairs = pairs

    def update(self, outputs: Any, targets: Targets) -> None:
        raise AssertionError("pairs are counted by the judge")

    def value(self) -> float:
        raise AssertionError("pairs are counted by the judge")

    def pairs(self, outputs: Any, targets: Targets) -> list[tuple[Detections, Truths]]:
        return [self._pairs[int(number)] for number in outputs[0][:, 0]]


def boxes(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    corners = rng.uniform(0, 0.6, (count, 2))
    return np.concatenate([corners, corners + rng.uniform(0.2, 0.4, (count, 2))], axis=1)


def some_pairs(seed: int, pictures: int) -> list[tuple[Detections, Truths]]:
    """Pictures with objects, some difficult, and detections, some of which are near them."""
    rng = np.random.default_rng(seed)
    pairs = []
    for _ in range(pictures):
        there, more = int(rng.integers(0, 4)), int(rng.integers(0, 4))
        truths = Truths(
            boxes=boxes(rng, there),
            classes=rng.integers(0, 3, there),
            difficult=rng.random(there) < 0.2,
        )
        near = truths.boxes + rng.normal(0, 0.03, truths.boxes.shape)
        found = Detections(
            boxes=np.concatenate([near, boxes(rng, more)]),
            scores=np.round(rng.random(there + more), 1),
            classes=np.concatenate([truths.classes, rng.integers(0, 3, more)]),
        )
        pairs.append((found, truths))
    return pairs


def box_answers(
    pairs: list[tuple[Detections, Truths]], area: Area, chosen: Any, finite: Any = True
) -> tuple[BoxJudge, dict[str, Any]]:
    judge = BoxJudge(name="map", metric=FakeDetector(pairs, area), class_names=NAMES)
    outputs = [np.asarray(chosen, np.float32)[:, None]]
    known = np.broadcast_to(finite, len(outputs[0])).copy()
    return judge, dict(judge.answers(outputs, (), known))


@pytest.mark.parametrize("area", list(Area))
@settings(max_examples=5)  # each judges twelve pictures a thousand times
@given(seed=st.integers(0, 10_000))
def test_matches_give_the_same_precision_as_counting(area: Area, seed: int) -> None:
    pairs = some_pairs(seed, 12)
    counted = MeanAveragePrecision(area)
    for found, truths in pairs:
        counted.add(found, truths)
    _, answers = box_answers(pairs, area, range(12))
    same = BoxMatches(answers, area).precision(np.ones(12, np.int64))
    assert same == pytest.approx(counted.value(), abs=1e-12)


@pytest.mark.parametrize("area", list(Area))
@given(
    detections=st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=30),
    missed=st.integers(0, 5),
)
def test_pictures_that_are_drawn_twice_count_twice(
    area: Area, detections: list[tuple[bool, int]], missed: int
) -> None:
    right, times = (np.array(values) for values in zip(*detections, strict=True))
    to_find = int((right * times).sum()) + missed
    if not to_find:
        return
    scores = np.repeat(-np.arange(len(right), dtype=float), times)
    expected = average_precision(scores, np.repeat(right, times), to_find, area)
    found = weighted_precision(right, times.astype(np.int64), to_find, area)
    assert found == pytest.approx(expected, abs=1e-12)


def test_a_worse_detector_is_told_with_its_interval_and_its_pictures() -> None:
    pairs = some_pairs(3, 40)
    judge, paddle = box_answers(pairs, Area.INTEGRAL, range(40))
    _, device = box_answers(pairs, Area.INTEGRAL, range(40), [n >= 20 for n in range(40)])
    compared = judge.compare(device, paddle)
    (metric,) = compared.metrics
    assert metric.is_loss
    assert metric.interval[0] < metric.difference < metric.interval[1] < 0
    assert compared.differs[:20].all()
    assert not compared.differs[20:].any()
    assert compared.texts(0)[1] == "no finite numbers"
    assert compared.texts(30)[1] == compared.texts(30)[2]
    assert compared.names_answers
    (same,) = judge.compare(paddle, paddle).metrics
    assert (same.difference, same.interval) == (0, (0, 0))
