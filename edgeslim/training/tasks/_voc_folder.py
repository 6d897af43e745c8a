"""A folder in the format of PASCAL VOC: lists of photos, and the objects of each.

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
from edgeslim.training.tasks._class_folders import alike, same_name
from edgeslim.training.tasks._losses import photo_faults, tell_losses
from edgeslim.training.tasks._voc_annotation import read_annotation
from edgeslim.training.tasks._voc_boxes import ReadPhoto, Shares, shares_of_boxes
from edgeslim.training.tasks._voc_lists import AnnotatedFile, Edition, listed_files

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["VOC_CLASSES", "AnnotatedPhoto", "Listed", "VocSet", "find_photos", "read_photos"]

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
class Listed:
    """Photos with their annotations, not read yet; the names of the classes if a file has them."""

    train: tuple[AnnotatedFile, ...]
    validation: tuple[AnnotatedFile, ...]
    class_names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class AnnotatedPhoto:
    """A photo and what is in it.

    Args:
        path: Its file.
        boxes: ``(n, 4)``, float32, edges as shares of width and height.
        classes: ``(n,)``, int64.
        difficult: ``(n,)``, bool.
    """

    path: Path
    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]
    difficult: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class VocSet:
    """Everything that is known of a folder.

    Args:
        class_names: In the order of their numbers.
        train: What a network learns from.
        validation: What it is judged by.
    """

    class_names: tuple[str, ...]
    train: tuple[AnnotatedPhoto, ...]
    validation: tuple[AnnotatedPhoto, ...]


def find_photos(folder: Path) -> Listed:
    """What a folder lists for training and for validation.

    Validation is ``test.txt`` where there is one, and ``trainval.txt`` is learnt from, as the
    published networks did; otherwise it is ``val.txt``, and ``train.txt`` is learnt from.

    Raises:
        BadFileError: No such folder or lists, many photos that are missing, one in both lists.
    """
    editions = [Edition(each) for each in _editions(folder)]
    judged = "test" if any(each.list_named("test").exists() for each in editions) else "val"
    learnt: tuple[str, ...] = ("trainval",) if judged == "test" else ("train",)
    if judged == "test" and not any(each.list_named("trainval").exists() for each in editions):
        learnt = ("train", "val")
    train = listed_files(editions, learnt)
    validation = listed_files(editions, (judged,))
    if both := sorted({each.photo for each in train} & {each.photo for each in validation}):
        raise BadFileError(
            f"{both[0]} is listed for training and for validation ({judged}.txt) in {folder}"
        )
    return Listed(train=train, validation=validation, class_names=_class_names(folder))


def read_photos(folder: Path, listed: Listed) -> VocSet:
    """Reads all annotations, and of each photo how large it is and how it lies.

    Raises:
        BadFileError: Many annotations or photos that are not what they should be, or an object
            of no class.
    """
    train, validation = (
        _read(folder, part, listed.class_names) for part in (listed.train, listed.validation)
    )
    both = (*train, *validation)
    found = {each.name for photo in both for each in photo.annotation.objects}
    if not found:
        raise BadFileError(f"no photo of {folder} has an object")
    names = listed.class_names or (
        VOC_CLASSES if found <= set(VOC_CLASSES) else tuple(sorted(found))
    )
    for note in alike(folder, sorted(found)):
        _log.warning("%s", note)
    boxes = shares_of_boxes(folder, both)
    numbers = {name: number for number, name in enumerate(names)}
    photos = tuple(
        _annotated(photo, shares, numbers) for photo, shares in zip(both, boxes, strict=True)
    )
    return VocSet(class_names=names, train=photos[: len(train)], validation=photos[len(train) :])


def _read(
    folder: Path, files: tuple[AnnotatedFile, ...], class_names: tuple[str, ...]
) -> tuple[ReadPhoto, ...]:
    """What can be read of photos and their annotations; what cannot is told."""
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
        found.append(ReadPhoto(file=file, header=header, annotation=annotation))
    tell_losses(faults, len(files), f"photos of {folder}")
    return tuple(found)


def _editions(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise BadFileError(f"there is no folder {folder}")
    for outer in (folder, folder / "VOCdevkit"):
        if (outer / "ImageSets" / "Main").is_dir():
            return [outer]
        if inner := sorted(each.parents[1] for each in outer.glob("*/ImageSets/Main")):
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


def _annotated(
    photo: ReadPhoto, shares: tuple[Shares | None, ...], numbers: dict[str, int]
) -> AnnotatedPhoto:
    """A photo with those of its boxes that are some."""
    kept = []
    for number, (each, box) in enumerate(
        zip(photo.annotation.objects, shares, strict=True), start=1
    ):
        if each.name not in numbers:
            near = get_close_matches(each.name, numbers, n=1)
            raise BadFileError(
                f"{photo.file.annotation}: object {number} ({each.name}) is of no class that "
                f"{' or '.join(_LABEL_FILES)} names"
                + (f"; did you mean {near[0]!r}?" if near else "; add a line for it")
            )
        if box is not None:
            kept.append((box, numbers[each.name], each.difficult))
    return AnnotatedPhoto(
        path=photo.file.photo,
        boxes=np.asarray([box for box, _, _ in kept], np.float32).reshape(-1, 4),
        classes=np.asarray([number for _, number, _ in kept], np.int64),
        difficult=np.asarray([difficult for _, _, difficult in kept], bool),
    )
