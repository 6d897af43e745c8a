"""Photos in a user's folder, as ImageNet is kept: a folder a class, or lists of files."""

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
from edgeslim.training.tasks._class_folders import alike, find_class_folders, same_name
from edgeslim.training.tasks._entry import TaskEntry
from edgeslim.training.tasks._losses import photo_faults, tell_losses
from edgeslim.training.tasks._photo_list import read_photo_list
from edgeslim.training.tasks._photos import (
    check_photo_shape,
    evaluation_crop,
    standardised,
    training_crop,
)
from edgeslim.training.tasks._task import Targets, Task, TaskData

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgeslim.opspec import Shape

__all__ = ["TASK"]

_log = logging.getLogger(__name__)

_HOLDS = "train/CLASS/*.jpg and val/CLASS/*.jpg, or train_list.txt and val_list.txt"

_JUDGED = ("val", "valid", "validation", "test")
"""Folders that photos to be judged by are looked for in, the first that is there."""

_NAMED = 5


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Labelled:
    """Files, and the class of each ``(N,)``, from 0."""

    files: tuple[Path, ...]
    labels: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Found:
    """Names of the classes, the photos of each part, and what is to be said of the folder."""

    names: tuple[str, ...]
    train: _Labelled
    validation: _Labelled
    notes: tuple[str, ...]


class _ImageFolder:
    """Photos of a folder.

    Args:
        folder: Holds ``train/CLASS/`` and ``val/CLASS/``, whose classes count in the order of
            their names, or ``train_list.txt`` and ``val_list.txt`` with lines ``path label``.
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
        return _judged(path, input_shape)

    def data(self, input_shape: Shape, seed: int) -> TaskData:  # noqa: ARG002 - split as given
        check_photo_shape(input_shape)
        for note in (*self._found.notes, *self._absent()):
            _log.warning("%s", note)
        train, validation = (
            _Photos(_readable(part, f"photos of {self._folder} {use}"), input_shape)
            for part, use in self._parts()
        )
        return TaskData(train=train, validation=validation)

    def _parts(self) -> tuple[tuple[_Labelled, str], ...]:
        return (self._found.train, "to learn from"), (self._found.validation, "to judge by")

    def _absent(self) -> Iterator[str]:
        """Which classes nothing is learnt of, and which nothing is judged by."""
        for part, use in self._parts():
            there = set(part.labels.tolist())
            absent = [name for n, name in enumerate(self.class_names) if n not in there]
            if absent:
                first = ", ".join(absent[:_NAMED]) + (", ..." if len(absent) > _NAMED else "")
                count = f"{len(absent)} of {self.num_classes}"
                yield f"{self._folder}: classes without a photo {use}: {count} ({first})"


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


def _readable(labelled: _Labelled, what: str) -> _Labelled:
    """Without the photos that cannot be read, which are told.

    Raises:
        BadFileError: They are many.
    """
    faults = photo_faults(labelled.files)
    tell_losses([fault for fault in faults if fault], len(faults), what)
    kept = [not fault for fault in faults]
    return _Labelled(
        files=tuple(compress(labelled.files, kept)), labels=labelled.labels[np.asarray(kept)]
    )


def _from_folders(folder: Path) -> _Found:
    """What folders hold."""
    learnt = folder / "train"
    judged = next((folder / each for each in _JUDGED if (folder / each).is_dir()), folder / "val")
    train, passed_over = find_class_folders(learnt)
    names = tuple(train)
    learnt_from = _labelled(dict(enumerate(train.values())), learnt)
    numbers = {same_name(name): number for number, name in enumerate(names)}
    by_case = {name.casefold(): name for name in names}
    found = {}
    validation, passed_over_too = find_class_folders(judged)
    for name, files in validation.items():
        if same_name(name) not in numbers:
            like = by_case.get(same_name(name).casefold())
            mend = f"; name it {like} in both" if like else ""
            raise BadFileError(f"{judged} has a class {name} and {learnt} has none{mend}")
        found[numbers[same_name(name)]] = files
    notes = (*filter(None, (passed_over, passed_over_too)), *alike(learnt, names))
    return _Found(names=names, train=learnt_from, validation=_labelled(found, judged), notes=notes)


def _labelled(found: Mapping[int, tuple[Path, ...]], folder: Path) -> _Labelled:
    files = [(file, number) for number, group in found.items() for file in group]
    if not files:
        raise BadFileError(f"{folder} has no images ({', '.join(ENDINGS)})")
    return _Labelled(
        files=tuple(file for file, _ in files),
        labels=np.asarray([number for _, number in files], dtype=np.int64),
    )


def _from_lists(folder: Path) -> _Found:
    """What lists name; classes are called by their numbers."""
    train, validation = (
        read_photo_list(folder, folder / f"{part}_list.txt") for part in ("train", "val")
    )
    both = {each.path for each in train} & {each.path for each in validation}
    notes: tuple[str, ...] = ()
    if both:
        told = f"photos that are learnt from and judged by as well: {len(both)} ({min(both)})"
        notes = (f"{folder}: {told}; what they are judged right is no proof",)
    highest = max(each.label for each in (*train, *validation))
    learnt, judged = (
        _Labelled(
            files=tuple(each.path for each in part),
            labels=np.asarray([each.label for each in part], dtype=np.int64),
        )
        for part in (train, validation)
    )
    names = tuple(map(str, range(highest + 1)))
    return _Found(names=names, train=learnt, validation=judged, notes=notes)


def _open(folder: Path | None, _chosen: Mapping[str, str]) -> Task:
    if folder is None:
        raise ValueError("find_task gives a folder")
    return _ImageFolder(folder)


TASK = TaskEntry(
    summary="photos of a folder of your own, as ImageNet is kept",
    open=_open,
    holds=_HOLDS,
)
