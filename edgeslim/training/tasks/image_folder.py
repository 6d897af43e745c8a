"""Photos in a user's folder, laid out like ImageNet: a folder for each class, or lists of files."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.errors import BadFileError
from edgeslim.photos import ENDINGS, open_photo
from edgeslim.picture_steps import PicturePart, PictureSteps
from edgeslim.training.tasks._class_folders import find_class_folders, same_name, similar_names
from edgeslim.training.tasks._entry import TaskEntry
from edgeslim.training.tasks._left_out import photo_faults, warn_left_out
from edgeslim.training.tasks._photo_list import read_photo_list
from edgeslim.training.tasks._photos import (
    check_photo_shape,
    crop_for_evaluation,
    crop_for_training,
    photo_steps,
    standardise,
)
from edgeslim.training.tasks._subset import first_of_classes
from edgeslim.training.tasks._task import Targets, Task, TaskData

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from edgeslim.opspec import Shape

__all__ = ["TASK"]

_log = logging.getLogger(__name__)

_HOLDS = "train/CLASS/*.jpg and val/CLASS/*.jpg, or train_list.txt and val_list.txt"

_VALIDATION_FOLDERS = ("val", "valid", "validation", "test")
"""Folders of photos for validation; the first one that exists is used."""

_NAMED = 5


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _LabelledFiles:
    """Files, and the class of each from 0, ``(N,)``."""

    files: tuple[Path, ...]
    labels: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Found:
    """Names of the classes, the photos of each part, and notes about the folder."""

    names: tuple[str, ...]
    train: _LabelledFiles
    validation: _LabelledFiles
    notes: tuple[str, ...]


class _ImageFolder:
    """Photos of a folder.

    Args:
        folder: Folder with ``train/CLASS/`` and ``val/CLASS/``, whose classes are numbered in
            the order of their names, or with ``train_list.txt`` and ``val_list.txt`` of lines
            ``path label``.
    """

    metric_name = "accuracy"
    finds_boxes = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        if (folder / "train_list.txt").exists():
            found = _from_lists(folder)
        elif (folder / "train").is_dir():
            found = _from_folders(folder)
        else:
            raise BadFileError(
                f"{folder} has neither a folder train nor a file train_list.txt; it must hold "
                f"{_HOLDS}"
            )
        self._found = found
        self.num_classes = len(found.names)
        self.class_names = found.names

    def picture(self, path: Path, input_shape: Shape) -> NDArray[np.float32]:
        check_photo_shape(input_shape)
        return _read_for_evaluation(path, input_shape)

    def picture_steps(self, input_shape: Shape) -> PictureSteps:
        return photo_steps(input_shape, PicturePart.MIDDLE)

    def example_pictures(self, count: int) -> list[Image.Image]:
        part = _readable(self._found.validation, f"photos of {self._folder} to judge by")
        chosen = first_of_classes(np.arange(len(part.files)), part.labels, count)
        return [open_photo(part.files[index], 3) for index in chosen]

    def data(self, input_shape: Shape, seed: int) -> TaskData:  # noqa: ARG002 - split as given
        check_photo_shape(input_shape)
        for note in (*self._found.notes, *self._absent()):
            _log.warning("%s", note)
        train, validation = (
            _Photos(_readable(part, f"photos of {self._folder} {use}"), input_shape)
            for part, use in self._parts()
        )
        return TaskData(train=train, validation=validation)

    def _parts(self) -> tuple[tuple[_LabelledFiles, str], ...]:
        return (self._found.train, "to learn from"), (self._found.validation, "to judge by")

    def _absent(self) -> Iterator[str]:
        """Notes of classes that have no photo for training, or none for validation."""
        for part, use in self._parts():
            there = set(part.labels.tolist())
            absent = [name for n, name in enumerate(self.class_names) if n not in there]
            if absent:
                first = ", ".join(absent[:_NAMED]) + (", ..." if len(absent) > _NAMED else "")
                count = f"{len(absent)} of {self.num_classes}"
                yield f"{self._folder}: classes without a photo {use}: {count} ({first})"


class _Photos:
    """Photos that are decoded on demand."""

    def __init__(self, labelled: _LabelledFiles, input_shape: Shape) -> None:
        self._labelled = labelled
        self._input_shape = input_shape

    def __len__(self) -> int:
        return len(self._labelled.files)

    def example_name(self, index: int) -> str:
        return str(self._labelled.files[index])

    def batch(
        self, indices: NDArray[np.int64], rng: np.random.Generator | None
    ) -> tuple[NDArray[np.float32], Targets]:
        _, channels, height, width = self._input_shape
        images = np.empty((len(indices), channels, height, width), np.float32)
        for image, index in zip(images, indices, strict=True):
            path = self._labelled.files[index]
            if rng is None:
                image[...] = _read_for_evaluation(path, self._input_shape)
                continue
            photo = open_photo(path, channels)
            image[...] = standardise(crop_for_training(photo, height, width, rng))
        return images, (self._labelled.labels[indices],)


def _read_for_evaluation(path: Path, input_shape: Shape) -> NDArray[np.float32]:
    """Reads a photo as for validation, without augmentation."""
    _, channels, height, width = input_shape
    return standardise(crop_for_evaluation(open_photo(path, channels), height, width))


def _readable(labelled: _LabelledFiles, what: str) -> _LabelledFiles:
    """Leaves out photos that cannot be read, with a warning.

    Raises:
        BadFileError: Too many photos cannot be read.
    """
    faults = photo_faults(labelled.files)
    warn_left_out([fault for fault in faults if fault], len(faults), what)
    kept = [not fault for fault in faults]
    return _LabelledFiles(
        files=tuple(compress(labelled.files, kept)), labels=labelled.labels[np.asarray(kept)]
    )


def _from_folders(folder: Path) -> _Found:
    """The photos of a folder for each class."""
    train_folder = folder / "train"
    validation_folder = next(
        (folder / name for name in _VALIDATION_FOLDERS if (folder / name).is_dir()), folder / "val"
    )
    train, ignored = find_class_folders(train_folder)
    names = tuple(train)
    train_files = _label(dict(enumerate(train.values())), train_folder)
    numbers = {same_name(name): number for number, name in enumerate(names)}
    by_case = {name.casefold(): name for name in names}
    found = {}
    validation, also_ignored = find_class_folders(validation_folder)
    for name, files in validation.items():
        if same_name(name) not in numbers:
            like = by_case.get(same_name(name).casefold())
            mend = f"; name it {like} in both" if like else ""
            raise BadFileError(
                f"{validation_folder} has a class {name} and {train_folder} has none{mend}"
            )
        found[numbers[same_name(name)]] = files
    notes = (*filter(None, (ignored, also_ignored)), *similar_names(train_folder, names))
    return _Found(
        names=names, train=train_files, validation=_label(found, validation_folder), notes=notes
    )


def _label(found: Mapping[int, tuple[Path, ...]], folder: Path) -> _LabelledFiles:
    files = [(file, number) for number, group in found.items() for file in group]
    if not files:
        raise BadFileError(f"{folder} has no images ({', '.join(ENDINGS)})")
    return _LabelledFiles(
        files=tuple(file for file, _ in files),
        labels=np.asarray([number for _, number in files], dtype=np.int64),
    )


def _from_lists(folder: Path) -> _Found:
    """The photos of lists; the classes are called by their numbers."""
    train, validation = (
        read_photo_list(folder, folder / f"{part}_list.txt") for part in ("train", "val")
    )
    both = {photo.path for photo in train} & {photo.path for photo in validation}
    notes: tuple[str, ...] = ()
    if both:
        common = f"photos that are in both lists: {len(both)} ({min(both)})"
        notes = (f"{folder}: {common}; the accuracy on these proves nothing",)
    highest = max(photo.label for photo in (*train, *validation))
    train_files, validation_files = (
        _LabelledFiles(
            files=tuple(photo.path for photo in part),
            labels=np.asarray([photo.label for photo in part], dtype=np.int64),
        )
        for part in (train, validation)
    )
    names = tuple(map(str, range(highest + 1)))
    return _Found(names=names, train=train_files, validation=validation_files, notes=notes)


def _open(folder: Path | None, _chosen: Mapping[str, str]) -> Task:
    if folder is None:
        raise ValueError("find_task gives a folder")
    return _ImageFolder(folder)


TASK = TaskEntry(
    summary="photos of a folder of your own, as ImageNet is kept",
    open=_open,
    holds=_HOLDS,
)
