"""Converts boxes in pixels to shares of the upright photo.

If a photo is stored rotated (EXIF), programs disagree on what its boxes refer to: the photo as
it is shown, or as it is stored; and some write the size of one with boxes of the other. So boxes
are trusted first (those that fit into only one of the two sizes), then the annotation's size,
unless boxes contradict it elsewhere, then the majority of the data set's photos. Without any
evidence, boxes refer to the photo as it is shown, as in today's programs.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeslim.photos import PhotoHeader
from edgeslim.training.tasks._left_out import warn_left_out
from edgeslim.training.tasks._voc_annotation import VocAnnotation
from edgeslim.training.tasks._voc_lists import AnnotatedFile

__all__ = ["AnnotatedHeader", "Shares", "shares_of_boxes"]

_log = logging.getLogger(__name__)

Shares = tuple[float, float, float, float]
"""Left, top, right and bottom edges as shares of width and height."""

_ROUNDING = 1.0
"""Number of pixels that a box may reach out of its photo; more is a mistake."""

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
class AnnotatedHeader:
    """A photo's header and its annotation."""

    file: AnnotatedFile
    header: PhotoHeader
    annotation: VocAnnotation


@dataclass(frozen=True, kw_only=True, slots=True)
class _Evidence:
    """Whether boxes refer to the stored photo: by the boxes, and by the annotation's size."""

    by_boxes: bool | None
    by_size: bool | None


def shares_of_boxes(
    folder: Path, photos: Sequence[AnnotatedHeader]
) -> list[tuple[Shares | None, ...]]:
    """The boxes of each upright photo; None for those that are empty, of which it warns.

    Raises:
        BadFileError: More than a tenth of all boxes are empty, or reach out of their photos.
    """
    stored = _refer_to_stored(folder, photos)
    empty: list[str] = []
    cut: list[str] = []
    shares = [
        _photo_shares(photo, is_stored=is_stored, empty=empty, cut=cut)
        for photo, is_stored in zip(photos, stored, strict=True)
    ]
    total = sum(map(len, shares))
    warn_left_out(empty, total, f"boxes of {folder}")
    warn_left_out(cut, total, f"boxes of {folder}", done="cut at the edge of the photo")
    _warn_other_sizes(folder, photos)
    return shares


def _refer_to_stored(folder: Path, photos: Sequence[AnnotatedHeader]) -> list[bool]:
    """Whether the boxes of each photo refer to the stored photo."""
    turned = [photo for photo in photos if photo.header.orientation > 1]
    if not turned:
        return [False] * len(photos)
    evidence = {id(photo): _evidence(photo) for photo in turned}
    both = [
        known.by_boxes == known.by_size
        for known in evidence.values()
        if known.by_boxes is not None and known.by_size is not None
    ]
    is_trusted = 2 * sum(both) >= len(both)
    found = {
        key: known.by_size if known.by_boxes is None and is_trusted else known.by_boxes
        for key, known in evidence.items()
    }
    votes = [vote for vote in found.values() if vote is not None]
    usual = 2 * sum(votes) > len(votes)
    stored = [
        False if id(photo) not in found else _or_usual(found[id(photo)], usual) for photo in photos
    ]
    _log.warning(
        "%s: photos that are stored rotated (EXIF) and turned upright: %d; of these, with "
        "boxes that refer to the stored photo and are turned as well: %d",
        *(folder, len(turned), sum(stored)),
    )
    return stored


def _or_usual(found: bool | None, usual: bool) -> bool:
    return usual if found is None else found


def _evidence(photo: AnnotatedHeader) -> _Evidence:
    header, annotation = photo.header, photo.annotation
    if header.stored == header.upright:  # also of those that are upside down
        return _Evidence(by_boxes=None, by_size=None)
    right = max((thing.box[2] for thing in annotation.objects), default=0.0)
    bottom = max((thing.box[3] for thing in annotation.objects), default=0.0)
    in_stored, in_upright = (
        right <= width + _ROUNDING and bottom <= height + _ROUNDING
        for width, height in (header.stored, header.upright)
    )
    sizes = {header.stored: True, header.upright: False}
    return _Evidence(
        by_boxes=in_stored if in_stored != in_upright else None,
        by_size=None if annotation.size is None else sizes.get(annotation.size),
    )


def _photo_shares(
    photo: AnnotatedHeader, *, is_stored: bool, empty: list[str], cut: list[str]
) -> tuple[Shares | None, ...]:
    width, height = photo.header.stored if is_stored else photo.header.upright
    found: list[Shares | None] = []
    for number, thing in enumerate(photo.annotation.objects, start=1):
        where = f"{photo.file.annotation}: object {number} ({thing.name}) has the box {thing.box}"
        left, top, right, bottom = thing.box
        # From pixel numbers from 1 to edges from 0; programs that count from 0 lose half a pixel.
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
        found.append(_turn_upright(shares, photo.header.orientation) if is_stored else shares)
    return tuple(found)


def _turn_upright(shares: Shares, orientation: int) -> Shares:
    """Turns a box of the stored photo to the upright one."""
    swaps, across, down = _TURNS.get(orientation, (False, False, False))
    left, top, right, bottom = shares
    if swaps:
        left, top, right, bottom = top, left, bottom, right
    if across:
        left, right = 1 - right, 1 - left
    if down:
        top, bottom = 1 - bottom, 1 - top
    return left, top, right, bottom


def _warn_other_sizes(folder: Path, photos: Sequence[AnnotatedHeader]) -> None:
    """Warns of annotations with another size than their photos, which were resized since."""
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
