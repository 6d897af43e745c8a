"""How often a class is among the highest scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.training.tasks import TaskData, find_task
from edgeslim.training.tasks._classification import TopFive, TopOne


@given(st.lists(st.lists(st.integers(0, 3), min_size=7, max_size=7), min_size=1), st.data())
def test_the_highest_scores_are_those_of_a_stable_sort(
    rows: list[list[int]], data: st.DataObject
) -> None:
    scores = np.asarray(rows, np.float32)
    labels = np.asarray([data.draw(st.integers(0, 6)) for _ in rows])
    order = np.argsort(-scores, axis=1, kind="stable")
    for metric, count in ((TopOne(), 1), (TopFive(), 5)):
        metric.update([scores], (labels,))
        right = [label in places[:count] for label, places in zip(labels, order, strict=True)]
        assert metric.value() == pytest.approx(np.mean(right))


def test_many_classes_are_judged_by_their_five_highest_too() -> None:
    digits = find_task("digits")
    data = digits.data((1, 1, 8, 8), 0)
    assert list(data.metrics(digits)) == ["accuracy", "accuracy_top5"]


class _Faces:
    num_classes = 2
    metric_name = "accuracy"

    def data(self, input_shape: tuple[int, ...], seed: int) -> TaskData:
        digits = find_task("digits").data(input_shape, seed)
        return TaskData(train=digits.train, validation=digits.validation)


def test_few_classes_and_metrics_of_ones_own_are_not() -> None:
    faces = _Faces()
    data = faces.data((1, 1, 8, 8), 0)
    assert list(data.metrics(faces)) == ["accuracy"]
    own = TaskData(train=data.train, validation=data.validation, more_metrics={"top": TopFive})
    assert list(own.metrics(faces)) == ["accuracy", "top"]
