from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edgeslim.errors import UsageError
from edgeslim.training.tasks import TASKS
from edgeslim.training.tasks._task import LabelledImages, nearest_neighbour

if TYPE_CHECKING:
    from numpy.typing import NDArray

TASK = TASKS.get("digits")
SHAPE = (1, 1, 8, 8)


def test_on_the_shelf() -> None:
    assert TASKS.names() == ["digits"]
    assert TASK.num_classes == 10


def test_shapes_and_types() -> None:
    data = TASK.data((1, 3, 12, 16), seed=0)
    assert data.train.images.shape == (1400, 3, 12, 16)
    assert data.validation.images.shape == (397, 3, 12, 16)
    assert data.train.images.dtype == np.float32
    assert data.train.labels.dtype == np.int64
    assert len(data.validation) == len(data.validation.labels) == 397


def test_split_is_stratified() -> None:
    data = TASK.data(SHAPE, seed=0)
    shares = [np.bincount(part.labels) / len(part) for part in (data.train, data.validation)]
    assert np.abs(shares[0] - shares[1]).max() < 0.005


def test_seed_decides_the_split() -> None:
    first, again, other = (TASK.data(SHAPE, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.validation.images, again.validation.images)
    assert np.array_equal(first.train.labels, again.train.labels)
    assert not np.array_equal(first.validation.images, other.validation.images)


def test_no_image_is_in_both_parts() -> None:
    data = TASK.data(SHAPE, seed=0)
    train = {image.tobytes() for image in data.train.images}
    assert not train & {image.tobytes() for image in data.validation.images}


def test_standardised_by_what_is_learned_from() -> None:
    images = TASK.data(SHAPE, seed=0).train.images
    assert abs(float(images.mean())) < 1e-3
    assert abs(float(images.std()) - 1) < 1e-3


def test_data_cannot_be_written_to() -> None:
    data = TASK.data(SHAPE, seed=0)
    with pytest.raises(ValueError, match="read-only"):
        data.train.images[0] = 0


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 3, 0, 8), (1,)])
def test_shape_that_is_no_image(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match=r"\(N, C, H, W\)"):
        TASK.data(shape, seed=0)


def test_nearest_neighbour() -> None:
    image = np.asarray([[[1, 2], [3, 4]]], dtype=np.float32)
    scaled = nearest_neighbour(image, (1, 2, 4, 3))
    rows = [[1, 1, 2], [1, 1, 2], [3, 3, 4], [3, 3, 4]]
    assert scaled.tolist() == [[rows, rows]]


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((2, 8, 8), np.float32), np.zeros(2, np.int64), "images must be float32"),
        (np.zeros((2, 1, 8, 8)), np.zeros(2, np.int64), "not float64"),
        (np.zeros((2, 1, 8, 8), np.float32), np.zeros(3, np.int64), "labels must be int64"),
        (np.zeros((2, 1, 8, 8), np.float32), np.zeros(2, np.int32), "not int32"),
        (np.zeros((0, 1, 8, 8), np.float32), np.zeros(0, np.int64), "at least one image"),
    ],
)
def test_bad_arrays_are_refused(images: NDArray[Any], labels: NDArray[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LabelledImages(images=images, labels=labels)
