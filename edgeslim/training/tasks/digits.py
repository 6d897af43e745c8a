"""Handwritten digits: 1,797 grey images of 8x8 that come with scikit-learn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from edgeslim.training.tasks._entry import TaskEntry
from edgeslim.training.tasks._images import nearest_neighbour
from edgeslim.training.tasks._task import LabelledImages, Task, TaskData

if TYPE_CHECKING:
    from edgeslim.opspec import Shape

__all__ = ["TASK"]

_VALIDATION_IMAGES = 397
"""Of 1,797; 1,400 remain to learn from."""


class _Digits:
    num_classes = 10
    metric_name = "accuracy"

    def data(self, input_shape: Shape, seed: int) -> TaskData:
        digits = load_digits()
        train, validation = train_test_split(
            np.arange(len(digits.target)),
            test_size=_VALIDATION_IMAGES,
            stratify=digits.target,
            random_state=seed,
        )
        grey = digits.images.astype(np.float32)
        standard = (grey - grey[train].mean()) / grey[train].std()
        labels = digits.target.astype(np.int64)
        return TaskData(
            train=LabelledImages(
                images=nearest_neighbour(standard[train], input_shape), labels=labels[train]
            ),
            validation=LabelledImages(
                images=nearest_neighbour(standard[validation], input_shape),
                labels=labels[validation],
            ),
        )


def _open(_folder: Path | None) -> Task:
    return _Digits()


TASK = TaskEntry(summary="1,797 handwritten digits of 8x8, in no need of a folder", open=_open)
