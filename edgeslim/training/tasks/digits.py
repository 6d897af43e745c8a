"""Handwritten digits: 1,797 grey images of 8x8 that come with edgeslim."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.picture_steps import PictureSteps
from edgeslim.training.tasks._entry import TaskEntry
from edgeslim.training.tasks._images import (
    check_image_shape,
    grey_steps,
    read_grey_picture,
    scale_to_nearest,
)
from edgeslim.training.tasks._subset import first_of_classes
from edgeslim.training.tasks._task import SPLIT_SEED, LabelledImages, Task, TaskData

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from edgeslim.opspec import Shape

__all__ = ["TASK"]

_FILE = Path(__file__).with_name("digits.npz")

_VALIDATION_IMAGES = 397
"""Number of images for validation, of 1,797; 1,400 remain to learn from."""

_SIDE, _BRIGHTEST = 8, 16
"""Side of the images, and the value of their darkest ink; the background is 0."""


class _Digits:
    num_classes = 10
    metric_name = "accuracy"
    finds_boxes = False
    class_names = tuple(map(str, range(10)))

    def picture(self, path: Path, input_shape: Shape) -> NDArray[np.float32]:
        check_image_shape(input_shape)
        grey, _, train, _ = _split(SPLIT_SEED)
        image = read_grey_picture(path, _SIDE) / np.float32(255 / _BRIGHTEST)
        mean, deviation = _mean_and_deviation(grey[train])
        standard = (image - mean) / deviation
        shaped: NDArray[np.float32] = scale_to_nearest(standard, input_shape)[0]
        return shaped

    def picture_steps(self, input_shape: Shape) -> PictureSteps:
        check_image_shape(input_shape)
        _, _, height, width = input_shape
        grey, _, train, _ = _split(SPLIT_SEED)
        mean, deviation = _mean_and_deviation(grey[train])
        return grey_steps(
            _SIDE,
            input_shape,
            tuple(row * _SIDE // height for row in range(height)),
            tuple(column * _SIDE // width for column in range(width)),
            divisor=255 / _BRIGHTEST,
            mean=float(mean),
            deviation=float(deviation),
        )

    def example_pictures(self, count: int) -> list[Image.Image]:
        from PIL import Image

        grey, labels, _, validation = _split(SPLIT_SEED)
        return [
            Image.fromarray(np.rint(grey[index] * (255 / _BRIGHTEST)).astype(np.uint8))
            for index in first_of_classes(validation, labels[validation], count)
        ]

    def data(self, input_shape: Shape, seed: int) -> TaskData:
        grey, labels, train, validation = _split(seed)
        mean, deviation = _mean_and_deviation(grey[train])
        standard = (grey - mean) / deviation
        return TaskData(
            train=LabelledImages(
                images=scale_to_nearest(standard[train], input_shape), labels=labels[train]
            ),
            validation=LabelledImages(
                images=scale_to_nearest(standard[validation], input_shape),
                labels=labels[validation],
            ),
        )


@cache
def _read() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images ``(1797, 8, 8)`` from 0 to 16 and classes ``(1797,)``; see ``digits-LICENSE.txt``."""
    with np.load(_FILE, allow_pickle=False) as stored:
        return stored["images"], stored["labels"].astype(np.int64)


def _split(
    seed: int,
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """All images and labels, and indices of those for training and for validation.

    Both parts have as many of each class as all images have, but for rounding.
    """
    images, labels = _read()
    generator = np.random.RandomState(seed)
    available = np.bincount(labels)
    train = _shares(available, len(labels) - _VALIDATION_IMAGES, generator)
    validation = _shares(available - train, _VALIDATION_IMAGES, generator)
    parts: tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]] = ([], [])
    for number, (learnt, judged) in enumerate(zip(train, validation, strict=True)):
        order = generator.permutation(np.flatnonzero(labels == number))
        parts[0].append(order[:learnt])
        parts[1].append(order[learnt : learnt + judged])
    indices = [generator.permutation(np.concatenate(part)) for part in parts]
    return images.astype(np.float32), labels, indices[0], indices[1]


def _mean_and_deviation(images: NDArray[np.float32]) -> tuple[np.float32, np.float32]:
    """The mean and the standard deviation of images, whose values are whole numbers.

    They are summed as such: versions of NumPy add floats in different orders.
    """
    values = images.astype(np.int64)
    count, total, squares = values.size, int(values.sum()), int((values**2).sum())
    return np.float32(total / count), np.float32(math.sqrt(count * squares - total**2) / count)


def _shares(
    available: NDArray[np.int64], total: int, generator: np.random.RandomState
) -> NDArray[np.int64]:
    """How many images of each class make ``total``, in proportion to how many there are.

    What rounding down leaves over goes to the largest remainders; equal ones are drawn.
    """
    exact = available / available.sum() * total
    counts = np.floor(exact)
    remainders = exact - counts
    for remainder in sorted(set(remainders.tolist()), reverse=True):
        left = int(total - counts.sum())
        if not left:
            break
        (equal,) = np.nonzero(remainders == remainder)
        counts[generator.choice(equal, min(left, len(equal)), replace=False)] += 1
    return np.asarray(counts, np.int64)


def _open(_folder: Path | None, _chosen: Mapping[str, str]) -> Task:
    return _Digits()


TASK = TaskEntry(summary="1,797 handwritten digits of 8x8, which come with edgeslim", open=_open)
