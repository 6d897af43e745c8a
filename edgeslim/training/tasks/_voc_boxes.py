"""Boxes in pixels brought to shares of the upright photo.

Where a photo lies turned in its file (EXIF), programs disagree on what its boxes refer to: the
photo as it is seen, or as it is stored; and some write the one's size beside boxes of the other.
So boxes are believed first (those that only one of the two sizes has room for), then the
annotation's size, unless boxes contradict it elsewhere, then what most photos of the data set
are like. If nothing tells, boxes refer to what is seen, as today's programs show it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeslim.photos import PhotoHeader
from edgeslim.training.tasks._losses import tell_losses
from edgeslim.training.tasks._voc_annotation import VocAnnotation
from edgeslim.training.tasks._voc_lists import AnnotatedFile

__all__ = ["ReadPhoto", "Shares", "shares_of_boxes"]

_log = logging.getLogger(__name__)

Shares = tuple[float, float, float, float]
"""Left, top, right and bottom edges as shares of width and height."""

_ROUNDING = 1.0
"""Pixels by which a box may reach out of its photo; more is a mistake."""

_TURNS = {
    2: (False, True, False),
    3: (False, True, True),
    4: (False, False, True),
    5: (True, False, False),
    6: (True, True, False),
    7: (True, True, True),
    8: (True, False, True),
}
"""By EXIF's orientation: whether rows become columns, and then are mirrored across and down."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadPhoto:
    """A photo's header and what is in it."""

    file: AnnotatedFile
    header: PhotoHeader
    annotation: VocAnnotation


@dataclass(frozen=True, kw_only=True, slots=True)
class _Evidence:
    """Whether a photo's boxes refer to it as it is stored: by themselves, and by its size."""

    by_boxes: bool | None
    by_size: bool | None


def shares_of_boxes(folder: Path, photos: Sequence[ReadPhoto]) -> list[tuple[Shares | None, ...]]:
    """The boxes of each photo, upright; None for those that are none, which are told.

    Raises:
        BadFileError: More than a tenth of all boxes are none, or reach out of their photos.
    """
    stored = _as_stored(folder, photos)
    empty: list[str] = []
    cut: list[str] = []
    shares = [
        _of_photo(photo, is_stored=is_stored, empty=empty, cut=cut)
        for photo, is_stored in zip(photos, stored, strict=True)
    ]
    total = sum(map(len, shares))
    tell_losses(empty, total, f"boxes of {folder}")
    tell_losses(cut, total, f"boxes of {folder}", done="cut at the edge of the photo")
    _tell_other_sizes(folder, photos)
    return shares


def _as_stored(folder: Path, photos: Sequence[ReadPhoto]) -> list[bool]:
    """Whether the boxes of each photo refer to it as it lies in its file."""
    turned = [photo for photo in photos if photo.header.orientation > 1]
    if not turned:
        return [False] * len(photos)
    evidence = {id(photo): _evidence(photo) for photo in turned}
    both = [
        each.by_boxes == each.by_size
        for each in evidence.values()
        if each.by_boxes is not None and each.by_size is not None
    ]
    believed = 2 * sum(both) >= len(both)
    found = {
        key: each.by_size if each.by_boxes is None and believed else each.by_boxes
        for key, each in evidence.items()
    }
    votes = [each for each in found.values() if each is not None]
    usual = 2 * sum(votes) > len(votes)
    stored = [False if id(photo) not in found else _or(found[id(photo)], usual) for photo in photos]
    _log.warning(
        "%s: photos that lie turned in their files (EXIF) and are seen upright: %d; of these, with "
        "boxes that refer to the file and are turned as well: %d",
        *(folder, len(turned), sum(stored)),
    )
    return stored


def _or(found: bool | None, usual: bool) -> bool:
    return usual if found is None else found


def _evidence(photo: ReadPhoto) -> _Evidence:
    header, annotation = photo.header, photo.annotation
    if header.stored == header.upright:  # also of those that stand on their heads
        return _Evidence(by_boxes=None, by_size=None)
    right = max((each.box[2] for each in annotation.objects), default=0.0)
    bottom = max((each.box[3] for each in annotation.objects), default=0.0)
    in_stored, in_upright = (
        right <= width + _ROUNDING and bottom <= height + _ROUNDING
        for width, height in (header.stored, header.upright)
    )
    sizes = {header.stored: True, header.upright: False}
    return _Evidence(
        by_boxes=in_stored if in_stored != in_upright else None,
        by_size=None if annotation.size is None else sizes.get(annotation.size),
    )


def _of_photo(
    photo: ReadPhoto, *, is_stored: bool, empty: list[str], cut: list[str]
) -> tuple[Shares | None, ...]:
    width, height = photo.header.stored if is_stored else photo.header.upright
    found: list[Shares | None] = []
    for number, each in enumerate(photo.annotation.objects, start=1):
        where = f"{photo.file.annotation}: object {number} ({each.name}) has the box {each.box}"
        left, top, right, bottom = each.box
        # Pixel numbers from 1 to edges from 0; who counts from 0 loses half a pixel at most.
        edges = (max(left - 1, 0), max(top - 1, 0), min(right, width), min(bottom, height))
        if edges[0] >= edges[2] or edges[1] >= edges[3]:
            backward = left > right or top > bottom
            reason = "whose ends come before its beginnings" if backward else "of which none is"
            inside = "" if backward else f" in its photo of {width}x{height}"
            empty.append(f"{where}, {reason}{inside}")
            found.append(None)
            continue
        if (
            min(left, top) < 1 - _ROUNDING
            or right > width + _ROUNDING
            or (bottom > height + _ROUNDING)
        ):
            cut.append(f"{where} outside of its photo of {width}x{height}")
        shares = (edges[0] / width, edges[1] / height, edges[2] / width, edges[3] / height)
        found.append(_upright(shares, photo.header.orientation) if is_stored else shares)
    return tuple(found)


def _upright(shares: Shares, orientation: int) -> Shares:
    """A box of the stored photo as it lies in the upright one."""
    swaps, across, down = _TURNS.get(orientation, (False, False, False))
    left, top, right, bottom = shares
    if swaps:
        left, top, right, bottom = top, left, bottom, right
    if across:
        left, right = 1 - right, 1 - left
    if down:
        top, bottom = 1 - bottom, 1 - top
    return left, top, right, bottom


def _tell_other_sizes(folder: Path, photos: Sequence[ReadPhoto]) -> None:
    """Says how many annotations are of photos of another size: these were resized since."""
    other = [
        photo
        for photo in photos
        if photo.annotation.objects
        and photo.annotation.size not in {None, photo.header.stored, photo.header.upright}
    ]
    if other:
        first = other[0]
        (width, height), (wide, high) = first.annotation.size or (0, 0), first.header.upright
        _log.warning(
            "%s: annotations of photos of another size: %d (%s of %dx%d, and the photo has "
            "%dx%d); boxes are taken as pixels of the photos that are there",
            *(folder, len(other), first.file.annotation, width, height, wide, high),
        )
