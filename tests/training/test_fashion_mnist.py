from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edgeslim.errors import BadFileError, UsageError
from edgeslim.training.tasks import TASKS, TaskData, find_task
from tests.tools import missing

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHAPE = (1, 1, 32, 32)
TRAIN, VALIDATION = 12, 5
IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def _idx(array: NDArray[Any]) -> bytes:
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(np.uint8).tobytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A few images of noise, the validation part compressed."""
    rng = np.random.default_rng(0)
    for part, count in (("train", TRAIN), ("t10k", VALIDATION)):
        images = _idx(rng.integers(0, 256, (count, 28, 28)))
        labels = _idx(np.arange(count) % 10)
        for name, content in (("images-idx3", images), ("labels-idx1", labels)):
            path = tmp_path / f"{part}-{name}-ubyte"
            if part == "train":
                path.write_bytes(content)
            else:
                path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(content))
    return tmp_path


def _data(folder: Path) -> TaskData:
    return find_task(f"fashion_mnist:{folder}").data(SHAPE, 0)


def test_images_and_labels_as_in_the_files(folder: Path) -> None:
    data = _data(folder)
    assert (len(data.train), len(data.validation)) == (TRAIN, VALIDATION)
    places = np.arange(TRAIN)
    images, (labels,) = data.train.batch(places, None)
    assert images.shape == (TRAIN, 1, 32, 32)
    assert images.dtype == np.float32
    assert labels.tolist() == [place % 10 for place in places]
    inner = images[:, :, 2:30, 2:30]
    assert abs(float(inner.mean())) < 1e-3
    assert abs(float(inner.std()) - 1) < 1e-3
    assert np.array_equal(images, data.train.batch(places, None)[0])


def test_while_it_is_learned_from_each_image_is_moved_and_mirrored(folder: Path) -> None:
    data = _data(folder)
    plain = data.train.batch(np.arange(1), None)[0][0, 0]
    background = plain.min()
    ways = {}
    for down in range(-2, 3):
        for right in range(-2, 3):
            for mirror in (False, True):
                pixels = plain[2:30, 2:30]
                pixels = pixels[:, ::-1] if mirror else pixels
                moved = np.full((32, 32), background, np.float32)
                moved[2 + down : 30 + down, 2 + right : 30 + right] = pixels
                # What leaves the 28x28 pixels is lost, as is what would come from outside.
                cut = np.full((32, 32), background, np.float32)
                cut[2:30, 2:30] = moved[2:30, 2:30]
                ways[cut.tobytes()] = (down, right, mirror)
    found = set()
    rng = np.random.default_rng(0)
    for _ in range(40):
        varied, (labels,) = data.train.batch(np.zeros(16, np.int64), rng)
        assert labels.tolist() == [0] * 16
        found |= {ways[image.tobytes()] for image in varied[:, 0]}
    assert found == set(ways.values())


def test_equal_draws_equal_images(folder: Path) -> None:
    train = _data(folder).train
    first, again, other = (
        train.batch(np.arange(TRAIN), np.random.default_rng(seed))[0] for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (IMAGES, lambda _: b"", "begins with nothing, not 00 00 08 03"),
        (
            IMAGES,
            lambda _: b"\x89PNG\r\n",
            "is no idx file of bytes with 3 extents: it begins with",
        ),
        (IMAGES, lambda whole: whole[:9], "is truncated: it ends in its header, at byte 9"),
        (IMAGES, lambda whole: whole[:-5], "is truncated: 12 x 28 x 28 elements need 9424 bytes"),
        (IMAGES, lambda whole: whole + b"x", "is too long: 12 x 28 x 28 .* and it has 9425"),
        (
            LABELS,
            lambda _: _idx(np.zeros((3, 28, 28))),
            "with 1 extents: it begins with 00 00 08 03",
        ),
        (LABELS, lambda _: _idx(np.zeros(3)), "there are 12 train images and 3 labels"),
        (LABELS, lambda _: _idx(np.full(TRAIN, 26)), "the train labels go up to 26, not 9"),
    ],
)
def test_files_that_are_not_what_they_should_be(
    folder: Path, name: str, change: Any, message: str
) -> None:
    path = folder / name
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(BadFileError, match=message) as caught:
        _data(folder)
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda whole: whole[:-20], "is truncated: its compressed data do not end"),
        (lambda _: b"no gzip at all", "is no whole gzip file"),
        (lambda whole: whole[:40] + b"\xff" * 40 + whole[80:], "is no whole gzip file"),
    ],
)
def test_compressed_files_that_are_broken(folder: Path, change: Any, message: str) -> None:
    path = folder / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(BadFileError, match=message):
        _data(folder)


def test_a_file_that_is_missing(folder: Path) -> None:
    (folder / LABELS).unlink()
    with pytest.raises(BadFileError, match=f"has neither {LABELS} nor {LABELS}.gz"):
        _data(folder)


def test_a_shape_that_is_no_image(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"\(N, C, H, W\)"):
        find_task(f"fashion_mnist:{folder}").data((1, 784), 0)


@pytest.mark.slow
def test_where_debian_puts_it() -> None:
    folder = TASKS.get("fashion_mnist").default_folder
    assert folder is not None
    if not folder.is_dir():
        missing("dataset-fashion-mnist is not installed")
    task = find_task("fashion_mnist")
    data = task.data((1, 3, 32, 32), 0)
    assert (len(data.train), len(data.validation), task.num_classes) == (60_000, 10_000, 10)
    _, (labels,) = data.validation.batch(np.arange(10_000), None)
    assert np.bincount(labels).tolist() == [1000] * 10
