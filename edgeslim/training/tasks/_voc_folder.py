"""A folder in the format of PASCAL VOC: lists of photos, and the objects of each.

It holds ``JPEGImages/``, ``Annotations/`` and ``ImageSets/Main/``, or folders that do, such as
``VOCdevkit/VOC2007`` and ``VOC2012``, which are taken together.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.errors import BadFileError
from edgeslim.training.tasks._voc_annotation import VocObject, read_annotation

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

_LABEL_FILES = ("labels.txt", "label_list.txt")
_ENDINGS = (".jpg", ".jpeg", ".png")
_ROUNDING = 1.0
"""Pixels by which a box may reach out of its photo; more is a mistake."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """Photos with their annotations, not read yet; the names of the classes if a file has them."""

    train: tuple[tuple[Path, Path], ...]
    validation: tuple[tuple[Path, Path], ...]
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
        BadFileError: No such folder or lists, a photo that is missing or in both.
    """
    editions = _editions(folder)
    judged = "test" if any(_list(each, "test").exists() for each in editions) else "val"
    learnt: tuple[str, ...] = ("trainval",) if judged == "test" else ("train",)
    if judged == "test" and not any(_list(each, "trainval").exists() for each in editions):
        learnt = ("train", "val")
    train = _photos(editions, learnt)
    validation = _photos(editions, (judged,))
    if both := sorted(set(train) & set(validation)):
        raise BadFileError(
            f"{both[0][0]} is listed for training and for validation ({judged}.txt) in {folder}"
        )
    return Listed(train=train, validation=validation, class_names=_class_names(folder))


def read_photos(folder: Path, listed: Listed) -> VocSet:
    """Reads all annotations, and of each photo how large it is.

    Raises:
        BadFileError: An annotation or a photo that is not what it should be.
    """
    read = [
        [(photo, annotation, read_annotation(annotation)) for photo, annotation in part]
        for part in (listed.train, listed.validation)
    ]
    found = {each.name for part in read for _, _, objects in part for each in objects}
    if not found:
        raise BadFileError(f"no photo of {folder} has an object")
    names = listed.class_names or (
        VOC_CLASSES if found <= set(VOC_CLASSES) else tuple(sorted(found))
    )
    numbers = {name: number for number, name in enumerate(names)}
    train, validation = (
        tuple(
            _annotated(photo, annotation, objects, numbers) for photo, annotation, objects in part
        )
        for part in read
    )
    return VocSet(class_names=names, train=train, validation=validation)


def _editions(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise BadFileError(f"there is no folder {folder}")
    for outer in (folder, folder / "VOCdevkit"):
        if (outer / "ImageSets" / "Main").is_dir():
            return [outer]
        if inner := sorted(each.parents[1] for each in outer.glob("*/ImageSets/Main")):
            return inner
    raise BadFileError(
        f"{folder} is not in the format of VOC: it has no ImageSets/Main, and no folder in it has"
    )


def _list(edition: Path, name: str) -> Path:
    return edition / "ImageSets" / "Main" / f"{name}.txt"


def _photos(editions: list[Path], names: tuple[str, ...]) -> tuple[tuple[Path, Path], ...]:
    """Photos and annotations of lists, in their order, each once."""
    found: dict[tuple[Path, Path], None] = {}
    lists = [_list(each, name) for each in editions for name in names]
    there = [each for each in lists if each.exists()]
    if not there:
        raise BadFileError(f"there is no {lists[0]}")
    for file in there:
        edition = file.parents[2]
        for number, line in enumerate(_lines(file), start=1):
            key = line.split()[0] if line.split() else ""
            if not key:
                continue
            if Path(key).is_absolute() or ".." in Path(key).parts:
                raise BadFileError(f"{file}:{number}: {key!r} leads out of the data set")
            found[_photo(edition, key, f"{file}:{number}"), _annotation(edition, key)] = None
    if not found:
        raise BadFileError(f"{there[0]} lists no photos")
    return tuple(found)


def _photo(edition: Path, key: str, where: str) -> Path:
    for ending in _ENDINGS:
        for each in (ending, ending.upper()):
            if (path := edition / "JPEGImages" / f"{key}{each}").exists():
                return path
    raise BadFileError(
        f"{where}: there is no photo {edition / 'JPEGImages' / key} ({', '.join(_ENDINGS)})"
    )


def _annotation(edition: Path, key: str) -> Path:
    return edition / "Annotations" / f"{key}.xml"


def _class_names(folder: Path) -> tuple[str, ...]:
    for name in _LABEL_FILES:
        if (file := folder / name).exists():
            names = tuple(line.strip() for line in _lines(file) if line.strip())
            if not names or len(set(names)) < len(names):
                raise BadFileError(f"{file} must name each class once, a line for each")
            return names
    return ()


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BadFileError(f"cannot read {file}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise BadFileError(f"{file} is no text in UTF-8: {error}") from error


def _annotated(
    photo: Path, annotation: Path, objects: tuple[VocObject, ...], numbers: dict[str, int]
) -> AnnotatedPhoto:
    width, height = _size(photo)
    boxes = []
    for number, each in enumerate(objects, start=1):
        where = f"{annotation}: object {number} ({each.name})"
        if each.name not in numbers:
            raise BadFileError(f"{where} is of no class that {_LABEL_FILES[0]} names")
        boxes.append(_shares(each.box, width, height, where))
    return AnnotatedPhoto(
        path=photo,
        boxes=np.asarray(boxes, np.float32).reshape(-1, 4),
        classes=np.asarray([numbers[each.name] for each in objects], np.int64),
        difficult=np.asarray([each.difficult for each in objects], bool),
    )


def _shares(
    box: tuple[float, float, float, float], width: int, height: int, where: str
) -> tuple[float, float, float, float]:
    """Pixel numbers from 1 to edges from 0; those who count from 0 lose half a pixel at most."""
    left, top, right, bottom = box
    outside = min(left, top) < 1 - _ROUNDING
    outside |= right > width + _ROUNDING or bottom > height + _ROUNDING
    if outside:
        raise BadFileError(f"{where} has the box {box} outside of its photo of {width}x{height}")
    edges = (
        max(left - 1, 0) / width,
        max(top - 1, 0) / height,
        min(right, width) / width,
        min(bottom, height) / height,
    )
    if edges[0] >= edges[2] or edges[1] >= edges[3]:
        raise BadFileError(f"{where} has the box {box}, whose ends come before its beginnings")
    return edges


def _size(photo: Path) -> tuple[int, int]:
    """Width and height, which Pillow reads without decoding."""
    from PIL import Image

    try:
        with Image.open(photo) as opened:
            return opened.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        # Pillow's decoders raise what they like of damaged files.
        raise BadFileError(f"cannot read the image {photo}: {error}") from error
