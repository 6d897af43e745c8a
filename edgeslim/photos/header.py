"""Size and orientation of a photo, without decoding it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from edgeslim.photos.opening import orientation_of, photo_file

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["PhotoHeader", "png_chunks", "read_header"]

_SIDEWAYS = 5
"""From this orientation on, rows of the file are columns of the scene."""

_PNG_START = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class PhotoHeader:
    """Size and orientation of a photo in its file.

    Args:
        stored: Width and height of the pixels as they are stored.
        orientation: Orientation of the stored pixels, from 1 (upright) to 8, as in EXIF.
    """

    stored: tuple[int, int]
    orientation: int

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height after `edgeslim.photos.open_photo` has turned it upright."""
        width, height = self.stored
        return (height, width) if self.orientation >= _SIDEWAYS else (width, height)


def read_header(path: Path) -> PhotoHeader:
    """Reads the header of a photo.

    Raises:
        BadFileError: It is missing, no image, or too large.
    """
    with photo_file(path) as photo:
        stored = photo.size
        has_orientation = photo.format != "PNG" or _says_orientation(photo, path)
        return PhotoHeader(
            stored=stored, orientation=orientation_of(photo) if has_orientation else 1
        )


def _says_orientation(photo: Image.Image, path: Path) -> bool:
    """Whether a PNG has EXIF or XMP at all; Pillow would decode it all to see that it has none."""
    if any("exif" in str(key) or "xmp" in str(key) for key in photo.info):
        return True
    with path.open("rb") as stream:
        return any(kind == b"eXIf" for kind in png_chunks(stream))


def png_chunks(stream: BinaryIO) -> Iterator[bytes]:
    """Yields the kinds of a PNG's whole chunks; the last one of a whole file is IEND."""
    end = stream.seek(0, 2)
    stream.seek(0)
    if stream.read(len(_PNG_START)) != _PNG_START:
        return
    while len(head := stream.read(8)) == 8:
        if stream.seek(int.from_bytes(head[:4], "big") + 4, 1) > end:
            return
        yield head[4:]
        if head[4:] == b"IEND":
            return
