"""Handwritten digits: 1,797 grey images of 8x8 that come with scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from edgeslim.training.tasks._entry import TaskEntry
from edgeslim.training.tasks._images import (
    check_image_shape,
    grey_picture,
    nearest_neighbour,
)
from edgeslim.training.tasks._task import SPLIT_SEED, LabelledImages, Task, TaskData

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgeslim.opspec import Shape

__all__ = ["TASK"]

_VALIDATION_IMAGES = 397
"""Of 1,797; 1,400 remain to learn from."""


_SIDE, _BRIGHTEST = 8, 16
"""Of the images; their pixels are from 0 to 16, ink on nothing."""


class _Digits:
    num_classes = 10
    metric_name = "accuracy"
    finds_boxes = False
    class_names = tuple(map(str, range(10)))

    def picture(self, path: Path, input_shape: Shape) -> NDArray[np.float32]:
        check_image_shape(input_shape)
        grey, _, train, _ = _split(SPLIT_SEED)
        image = grey_picture(path, _SIDE) * np.float32(_BRIGHTEST / 255)
        standard = (image - grey[train].mean()) / grey[train].std()
        shaped: NDArray[np.float32] = nearest_neighbour(standard, input_shape)[0]
        return shaped

    def data(self, input_shape: Shape, seed: int) -> TaskData:
        grey, labels, train, validation = _split(seed)
        standard = (grey - grey[train].mean()) / grey[train].std()
        return TaskData(
            train=LabelledImages(
                images=nearest_neighbour(standard[train], input_shape), labels=labels[train]
            ),
            validation=LabelledImages(
                images=nearest_neighbour(standard[validation], input_shape),
                labels=labels[validation],
            ),
        )


def _split(
    seed: int,
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """All images and labels, and places of those for training and for validation."""
    digits = load_digits()
    train, validation = train_test_split(
        np.arange(len(digits.target)),
        test_size=_VALIDATION_IMAGES,
        stratify=digits.target,
        random_state=seed,
    )
    return digits.images.astype(np.float32), digits.target.astype(np.int64), train, validation


def _open(_folder: Path | None, _chosen: Mapping[str, str]) -> Task:
    return _Digits()


TASK = TaskEntry(summary="1,797 handwritten digits of 8x8, in no need of a folder", open=_open)
