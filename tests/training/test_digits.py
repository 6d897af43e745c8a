from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edgeslim.errors import UsageError
from edgeslim.training.tasks import LabelledImages, TaskData, find_task
from edgeslim.training.tasks._images import scale_to_nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

TASK = find_task("digits")
SHAPE = (1, 1, 8, 8)


def _parts(data: TaskData) -> tuple[LabelledImages, LabelledImages]:
    assert isinstance(data.train, LabelledImages)
    assert isinstance(data.validation, LabelledImages)
    return data.train, data.validation


def test_what_it_tells_apart() -> None:
    assert (TASK.num_classes, TASK.metric_name) == (10, "accuracy")


@pytest.mark.parametrize(
    ("seed", "digest"),
    [
        (0, "66606f4a8490ce5faae0afdb4b0fdc860edcf1ece46e1219edf3ae7870d47977"),
        (3, "89c0b597b865813d4c1fd6b0605bee8607c2fe5e0388fc3b9228007562a6350b"),
        (12345, "e116ea914afda6f2127511bbbe3d63b8a20a320594d45ceebd0ae67607c5b120"),
    ],
)
def test_images_and_their_split_are_those_of_scikit_learn(seed: int, digest: str) -> None:
    """Its ``load_digits`` and ``train_test_split`` gave the same; the deviations are exact."""
    found = hashlib.sha256()
    for part in _parts(TASK.data(SHAPE, seed)):
        for array in (part.images, part.labels):
            found.update(str((array.shape, array.dtype)).encode())
            found.update(array.tobytes())
    assert found.hexdigest() == digest


def test_shapes_and_types() -> None:
    train, validation = _parts(TASK.data((1, 3, 12, 16), seed=0))
    assert train.images.shape == (1400, 3, 12, 16)
    assert validation.images.shape == (397, 3, 12, 16)
    assert train.images.dtype == np.float32
    assert train.labels.dtype == np.int64
    assert len(validation) == len(validation.labels) == 397


def test_batches_are_the_images_as_they_are() -> None:
    train, _ = _parts(TASK.data(SHAPE, seed=0))
    places = np.asarray([3, 1, 3], np.int64)
    for rng in (None, np.random.default_rng(0)):
        images, (labels,) = train.batch(places, rng)
        assert np.array_equal(images, train.images[places])
        assert labels.tolist() == train.labels[places].tolist()


def test_split_is_stratified() -> None:
    parts = _parts(TASK.data(SHAPE, seed=0))
    shares = [np.bincount(part.labels) / len(part) for part in parts]
    assert np.abs(shares[0] - shares[1]).max() < 0.005


def test_seed_decides_the_split() -> None:
    first, again, other = (_parts(TASK.data(SHAPE, seed=seed)) for seed in (1, 1, 2))
    assert np.array_equal(first[1].images, again[1].images)
    assert np.array_equal(first[0].labels, again[0].labels)
    assert not np.array_equal(first[1].images, other[1].images)


def test_no_image_is_in_both_parts() -> None:
    train, validation = _parts(TASK.data(SHAPE, seed=0))
    learned = {image.tobytes() for image in train.images}
    assert not learned & {image.tobytes() for image in validation.images}


def test_standardised_by_what_is_learned_from() -> None:
    images = _parts(TASK.data(SHAPE, seed=0))[0].images
    assert abs(float(images.mean())) < 1e-3
    assert abs(float(images.std()) - 1) < 1e-3


def test_data_cannot_be_written_to() -> None:
    train, _ = _parts(TASK.data(SHAPE, seed=0))
    with pytest.raises(ValueError, match="read-only"):
        train.images[0] = 0


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 3, 0, 8), (1,)])
def test_shape_that_is_no_image(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match=r"\(N, C, H, W\)"):
        TASK.data(shape, seed=0)


def test_nearest_neighbour() -> None:
    image = np.asarray([[[1, 2], [3, 4]]], dtype=np.float32)
    scaled = scale_to_nearest(image, (1, 2, 4, 3))
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
