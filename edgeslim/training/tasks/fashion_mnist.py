"""Fashion-MNIST: 70,000 grey images of 28x28, ten kinds of clothing (https://arxiv.org/abs/1708.07747)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.errors import BadFileError
from edgeslim.picture_steps import PictureSteps
from edgeslim.training.tasks._entry import TaskEntry
from edgeslim.training.tasks._idx import read_idx
from edgeslim.training.tasks._images import (
    check_image_shape,
    grey_steps,
    pad_or_average,
    padded_places,
    read_grey_picture,
)
from edgeslim.training.tasks._subset import first_of_classes
from edgeslim.training.tasks._task import Targets, Task, TaskData

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from edgeslim.opspec import Shape

__all__ = ["TASK"]

_CLASSES = 10
_NAMES = (
    *("T-shirt", "trousers", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
)
_SIDE = 28
_LARGEST_SHIFT = 2
"""Largest number of pixels that an image is shifted by in training, in each direction."""


class _FashionMnist:
    num_classes = _CLASSES
    metric_name = "accuracy"
    finds_boxes = False
    class_names = _NAMES

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def picture(self, path: Path, input_shape: Shape) -> NDArray[np.float32]:
        """Reads a picture, on which clothes are light on black as in the task's images."""
        check_image_shape(input_shape)
        mean, deviation = self._standard
        image: NDArray[np.float32] = _standardise(
            read_grey_picture(path, _SIDE), input_shape, mean, deviation
        )[0]
        return image

    def picture_steps(self, input_shape: Shape) -> PictureSteps | None:
        check_image_shape(input_shape)
        rows, columns = (padded_places(_SIDE, side) for side in input_shape[2:])
        if rows is None or columns is None:
            return None  # averages of areas have no steps
        mean, deviation = (float(np.float32(number)) for number in self._standard)
        return grey_steps(
            _SIDE, input_shape, rows, columns, divisor=1.0, mean=mean, deviation=deviation
        )

    def example_pictures(self, count: int) -> list[Image.Image]:
        from PIL import Image

        images, labels = _read(self._folder, "t10k")
        chosen = first_of_classes(np.arange(len(labels)), labels, count)
        return [Image.fromarray(images[index]) for index in chosen]

    @cached_property
    def _standard(self) -> tuple[float, float]:
        """Mean and deviation of all pixels of the training images."""
        images, _ = _read(self._folder, "train")
        return float(images.mean()), float(images.std()) or 1.0

    def data(self, input_shape: Shape, seed: int) -> TaskData:  # noqa: ARG002 - split as given
        check_image_shape(input_shape)
        images, labels = _read(self._folder, "train")
        mean, deviation = float(images.mean()), float(images.std()) or 1.0
        return TaskData(
            train=_Clothes(images, labels, input_shape, mean, deviation),
            validation=_Clothes(*_read(self._folder, "t10k"), input_shape, mean, deviation),
        )


class _Clothes:
    """Images kept as bytes, and scaled to the shape of the input batch by batch.

    In training they are shifted by up to two pixels and mirrored with a chance of a half, since
    clothes look the same from both sides.
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        input_shape: Shape,
        mean: float,
        deviation: float,
    ) -> None:
        self._images = images
        self._labels = labels
        self._input_shape = input_shape
        self._mean = mean
        self._deviation = deviation

    def __len__(self) -> int:
        return len(self._labels)

    def batch(
        self, indices: NDArray[np.int64], rng: np.random.Generator | None
    ) -> tuple[NDArray[np.float32], Targets]:
        grey = self._images[indices].astype(np.float32)
        if rng is not None:
            grey = _augment(grey, rng)
        standard = _standardise(grey, self._input_shape, self._mean, self._deviation)
        return standard, (self._labels[indices],)


def _standardise(
    grey: NDArray[np.float32], input_shape: Shape, mean: float, deviation: float
) -> NDArray[np.float32]:
    """Scales and standardises images as a network reads them."""
    # Scaled first, so that what is added around them is background too.
    scaled = pad_or_average(grey, input_shape)
    standard: NDArray[np.float32] = (scaled - np.float32(mean)) / np.float32(deviation)
    return standard


def _augment(images: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Shifts each image, with background in the gap, and mirrors some."""
    count, height, width = images.shape
    margin = ((0, 0), (_LARGEST_SHIFT, _LARGEST_SHIFT), (_LARGEST_SHIFT, _LARGEST_SHIFT))
    padded = np.pad(images, margin)
    down, right = rng.integers(0, 2 * _LARGEST_SHIFT + 1, size=(2, count, 1))
    rows, columns = down + np.arange(height), right + np.arange(width)
    is_mirrored = rng.random((count, 1)) < 0.5
    columns = np.where(is_mirrored, columns[:, ::-1], columns)
    moved: NDArray[np.float32] = padded[
        np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]
    ]
    return moved


def _read(folder: Path, part: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    images = read_idx(folder, f"{part}-images-idx3-ubyte", 3)
    labels = read_idx(folder, f"{part}-labels-idx1-ubyte", 1).astype(np.int64)
    if len(images) != len(labels):
        raise BadFileError(
            f"{folder}: there are {len(images)} {part} images and {len(labels)} labels of them"
        )
    if not images.size:
        raise BadFileError(f"{folder}: there are no {part} images")
    if labels.max() >= _CLASSES:
        raise BadFileError(f"{folder}: the {part} labels go up to {labels.max()}, not 9")
    return images, labels


def _open(folder: Path | None, _chosen: Mapping[str, str]) -> Task:
    if folder is None:
        raise ValueError("find_task gives a folder")
    return _FashionMnist(folder)


TASK = TaskEntry(
    summary="70,000 pictures of clothing of 28x28, 60,000 of them to learn from",
    open=_open,
    holds="train-images-idx3-ubyte and the other three files of Fashion-MNIST, plain or as .gz",
    default_folder=Path("/usr/share/datasets/fashion-mnist"),
)
