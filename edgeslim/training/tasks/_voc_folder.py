"""Reads folders in the format of PASCAL VOC: lists of photos, and the objects of each.

It holds ``JPEGImages/``, ``Annotations/`` and ``ImageSets/Main/``, or folders that do, such as
``VOCdevkit/VOC2007`` and ``VOC2012``, which are taken together.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.errors import BadFileError
from edgeslim.photos import read_header
from edgeslim.texts import read_lines
from edgeslim.training.tasks._class_folders import same_name, similar_names
from edgeslim.training.tasks._left_out import photo_faults, warn_left_out
from edgeslim.training.tasks._voc_annotation import read_annotation
from edgeslim.training.tasks._voc_boxes import AnnotatedHeader, Shares, shares_of_boxes
from edgeslim.training.tasks._voc_lists import AnnotatedFile, Edition, list_files

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["VOC_CLASSES", "AnnotatedPhoto", "ListedPhotos", "VocSet", "find_photos", "read_photos"]

VOC_CLASSES = (
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)

_log = logging.getLogger(__name__)

_LABEL_FILES = ("labels.txt", "label_list.txt")


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedPhotos:
    """Photos and annotation files that are not read yet, and class names if a file has them."""

    train: tuple[AnnotatedFile, ...]
    validation: tuple[AnnotatedFile, ...]
    class_names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class AnnotatedPhoto:
    """A photo and its objects.

    Args:
        path: File of the photo.
        boxes: Edges as shares of width and height, ``(n, 4)`` of float32.
        classes: Class of each object, ``(n,)`` of int64.
        difficult: Whether each object is difficult, ``(n,)`` of bool.
    """

    path: Path
    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]
    difficult: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class VocSet:
    """All photos of a folder with their objects.

    Args:
        class_names: Names of the classes in the order of their numbers.
        train: Photos that a network learns from.
        validation: Photos that a network is evaluated on.
    """

    class_names: tuple[str, ...]
    train: tuple[AnnotatedPhoto, ...]
    validation: tuple[AnnotatedPhoto, ...]


def find_photos(folder: Path) -> ListedPhotos:
    """Finds the photos that a folder lists for training and for validation.

    Validation is ``test.txt`` where there is one, and ``trainval.txt`` is learnt from, as the
    published networks did; otherwise it is ``val.txt``, and ``train.txt`` is learnt from.

    Raises:
        BadFileError: The folder or its lists are missing, or many photos; a photo is in both lists.
    """
    editions = [Edition(path) for path in _editions(folder)]
    judged = "test" if any(edition.list_named("test").exists() for edition in editions) else "val"
    learnt: tuple[str, ...] = ("trainval",) if judged == "test" else ("train",)
    if judged == "test" and not any(
        edition.list_named("trainval").exists() for edition in editions
    ):
        learnt = ("train", "val")
    train = list_files(editions, learnt)
    validation = list_files(editions, (judged,))
    if both := sorted({file.photo for file in train} & {file.photo for file in validation}):
        raise BadFileError(
            f"{both[0]} is listed for training and for validation ({judged}.txt) in {folder}"
        )
    return ListedPhotos(train=train, validation=validation, class_names=_class_names(folder))


def read_photos(folder: Path, listed: ListedPhotos) -> VocSet:
    """Reads all annotations, and the size and orientation of each photo.

    Raises:
        BadFileError: Many annotations or photos cannot be read, or an object has an unknown class.
    """
    train, validation = (
        _read(folder, part, listed.class_names) for part in (listed.train, listed.validation)
    )
    both = (*train, *validation)
    found = {thing.name for photo in both for thing in photo.annotation.objects}
    if not found:
        raise BadFileError(f"no photo of {folder} has an object")
    names = listed.class_names or (
        VOC_CLASSES if found <= set(VOC_CLASSES) else tuple(sorted(found))
    )
    for note in similar_names(folder, sorted(found)):
        _log.warning("%s", note)
    boxes = shares_of_boxes(folder, both)
    numbers = {name: number for number, name in enumerate(names)}
    photos = tuple(
        _annotate(photo, shares, numbers) for photo, shares in zip(both, boxes, strict=True)
    )
    return VocSet(class_names=names, train=photos[: len(train)], validation=photos[len(train) :])


def _read(
    folder: Path, files: tuple[AnnotatedFile, ...], class_names: tuple[str, ...]
) -> tuple[AnnotatedHeader, ...]:
    """Reads photos and annotations; those that cannot be read are left out with a warning."""
    found, faults = [], []
    for file, fault in zip(files, photo_faults([file.photo for file in files]), strict=True):
        try:
            annotation = read_annotation(file.annotation, class_names)
            if fault:
                faults.append(fault)
                continue
            header = read_header(file.photo)
        except BadFileError as error:
            faults.append(str(error))
            continue
        found.append(AnnotatedHeader(file=file, header=header, annotation=annotation))
    warn_left_out(faults, len(files), f"photos of {folder}")
    return tuple(found)


def _editions(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise BadFileError(f"there is no folder {folder}")
    for outer in (folder, folder / "VOCdevkit"):
        if (outer / "ImageSets" / "Main").is_dir():
            return [outer]
        if inner := sorted(path.parents[1] for path in outer.glob("*/ImageSets/Main")):
            return inner
    raise BadFileError(
        f"{folder} is not in the format of VOC: it has no ImageSets/Main, and no folder in it "
        "has; write ImageSets/Main/train.txt and val.txt, which name a photo of JPEGImages a line"
    )


def _class_names(folder: Path) -> tuple[str, ...]:
    for name in _LABEL_FILES:
        if (file := folder / name).exists():
            names = tuple(same_name(line.strip()) for line in read_lines(file) if line.strip())
            if not names or len(set(names)) < len(names):
                raise BadFileError(f"{file} must name each class once, a line for each")
            return names
    return ()


def _annotate(
    photo: AnnotatedHeader, shares: tuple[Shares | None, ...], numbers: dict[str, int]
) -> AnnotatedPhoto:
    """A photo with those of its boxes that are not empty."""
    kept = []
    for number, (thing, box) in enumerate(
        zip(photo.annotation.objects, shares, strict=True), start=1
    ):
        if thing.name not in numbers:
            near = get_close_matches(thing.name, numbers, n=1)
            raise BadFileError(
                f"{photo.file.annotation}: object {number} ({thing.name}) is of no class that "
                f"{' or '.join(_LABEL_FILES)} names"
                + (f"; did you mean {near[0]!r}?" if near else "; add a line for it")
            )
        if box is not None:
            kept.append((box, numbers[thing.name], thing.difficult))
    return AnnotatedPhoto(
        path=photo.file.photo,
        boxes=np.asarray([box for box, _, _ in kept], np.float32).reshape(-1, 4),
        classes=np.asarray([number for _, number, _ in kept], np.int64),
        difficult=np.asarray([difficult for _, _, difficult in kept], bool),
    )
