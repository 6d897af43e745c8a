"""Photos in a user's folder, as ImageNet is kept: a folder a class, or lists of files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.errors import BadFileError
from edgeslim.training.tasks._entry import TaskEntry
from edgeslim.training.tasks._photos import (
    check_photo_shape,
    evaluation_crop,
    open_photo,
    standardised,
    training_crop,
)
from edgeslim.training.tasks._task import Targets, Task, TaskData

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgeslim.opspec import Shape

__all__ = ["TASK"]

_ENDINGS = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Labelled:
    """Files, and the class of each ``(N,)``, from 0."""

    files: tuple[Path, ...]
    labels: NDArray[np.int64]


class _ImageFolder:
    """Photos of a folder.

    Args:
        folder: Holds ``train/CLASS/`` and ``val/CLASS/``, whose classes count in the order of
            their names, or ``train_list.txt`` and ``val_list.txt`` with lines ``path label``.
    """

    metric_name = "accuracy"
    finds_boxes = False

    def __init__(self, folder: Path) -> None:
        classes: dict[str, int] = {}
        if (folder / "train_list.txt").exists():
            self._train, self._validation = (
                _listed(folder, folder / f"{part}_list.txt") for part in ("train", "val")
            )
        elif (folder / "train").is_dir():
            classes = _classes(folder / "train")
            self._train, self._validation = (
                _in_folders(folder / part, classes) for part in ("train", "val")
            )
        else:
            raise BadFileError(f"{folder} has neither a folder train nor a file train_list.txt")
        highest = max(part.labels.max() for part in (self._train, self._validation))
        self.num_classes = int(highest) + 1
        names = {number: name for name, number in classes.items()}
        self.class_names = tuple(names.get(each, str(each)) for each in range(self.num_classes))

    def picture(self, path: Path, input_shape: Shape) -> NDArray[np.float32]:
        check_photo_shape(input_shape)
        return _judged(path, input_shape)

    def data(self, input_shape: Shape, seed: int) -> TaskData:  # noqa: ARG002 - split as given
        check_photo_shape(input_shape)
        return TaskData(
            train=_Photos(self._train, input_shape),
            validation=_Photos(self._validation, input_shape),
        )


class _Photos:
    """Photos, decoded when they are asked for."""

    def __init__(self, labelled: _Labelled, input_shape: Shape) -> None:
        self._labelled = labelled
        self._input_shape = input_shape

    def __len__(self) -> int:
        return len(self._labelled.files)

    def batch(
        self, places: NDArray[np.int64], rng: np.random.Generator | None
    ) -> tuple[NDArray[np.float32], Targets]:
        _, channels, height, width = self._input_shape
        images = np.empty((len(places), channels, height, width), np.float32)
        for image, place in zip(images, places, strict=True):
            path = self._labelled.files[place]
            if rng is None:
                image[...] = _judged(path, self._input_shape)
                continue
            photo = open_photo(path, channels)
            image[...] = standardised(training_crop(photo, height, width, rng))
        return images, (self._labelled.labels[places],)


def _judged(path: Path, input_shape: Shape) -> NDArray[np.float32]:
    """A photo as it is when a network is judged."""
    _, channels, height, width = input_shape
    return standardised(evaluation_crop(open_photo(path, channels), height, width))


def _classes(folder: Path) -> dict[str, int]:
    """Number of each class by name, as the folders of a part are called."""
    names = sorted(each.name for each in folder.iterdir() if each.is_dir())
    if not names:
        raise BadFileError(f"{folder} has no folder for any class")
    return {name: number for number, name in enumerate(names)}


def _in_folders(folder: Path, classes: dict[str, int]) -> _Labelled:
    if not folder.is_dir():
        raise BadFileError(f"there is no folder {folder}")
    found: list[tuple[Path, int]] = []
    for name in _classes(folder):
        if name not in classes:
            raise BadFileError(
                f"{folder} has a class {name} and {folder.with_name('train')} has none"
            )
        files = sorted(
            each for each in (folder / name).iterdir() if each.suffix.lower() in _ENDINGS
        )
        found += [(file, classes[name]) for file in files]
    if not found:
        raise BadFileError(f"{folder} has no images ({', '.join(sorted(_ENDINGS))})")
    return _labelled(found)


def _listed(folder: Path, file: Path) -> _Labelled:
    """The files of a list; their paths are relative to the folder."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BadFileError(f"cannot read {file}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise BadFileError(f"{file} is no text in UTF-8: {error}") from error
    found: list[tuple[Path, int]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        *path, label = line.rsplit(maxsplit=1)
        if not path or not (label.isascii() and label.isdigit()):
            raise BadFileError(f"{file}:{number}: {line!r} is not a path and a class from 0")
        found.append((folder / path[0].strip(), int(label)))
    if not found:
        raise BadFileError(f"{file} lists no images")
    return _labelled(found)


def _labelled(found: list[tuple[Path, int]]) -> _Labelled:
    files, labels = zip(*found, strict=True)
    return _Labelled(files=files, labels=np.asarray(labels, dtype=np.int64))


def _open(folder: Path | None) -> Task:
    if folder is None:
        raise ValueError("find_task gives a folder")
    return _ImageFolder(folder)


TASK = TaskEntry(
    summary="photos of a folder of your own, as ImageNet is kept",
    open=_open,
    holds="train/CLASS/*.jpg and val/CLASS/*.jpg, or train_list.txt and val_list.txt",
)
