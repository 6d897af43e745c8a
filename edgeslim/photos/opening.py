"""Every photo is opened here, for a training, for `infer` and for drawing.

It is turned as its camera says (EXIF), deep pixels are scaled to 8 bits and not clipped, what
is transparent is laid on white, and of an animation the first picture is taken.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.errors import BadFileError
from edgeslim.photos._content import unreadable_content
from edgeslim.photos._pixels import lay_on_white, scale_to_eight_bits

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["ENDINGS", "open_photo", "orientation_of", "photo_file", "turn_upright"]

ENDINGS = (
    *(".avif", ".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".pgm", ".png", ".pnm"),
    *(".ppm", ".tif", ".tiff", ".webp"),
)
"""Endings of the names of photo files, in small letters."""

_DAMAGED = (
    *(OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, AttributeError),
    *(ArithmeticError, RuntimeError, struct.error, zlib.error),
)
"""Pillow's decoders raise what they like of damaged files."""

_ORIENTATION = 0x0112
"""EXIF's tag for where the first row and column of the file lie in the scene, from 1 to 8."""


def open_photo(path: Path, channels: int) -> Image.Image:
    """Decodes a photo: upright, in colour (3 channels) or grey (1), with 8 bits a channel.

    Raises:
        BadFileError: It is missing, no image, damaged, too large, or of pixels without a known
            white.
    """
    with photo_file(path) as photo:
        photo.load()
        upright = turn_upright(scale_to_eight_bits(photo, path), orientation_of(photo))
        return lay_on_white(upright).convert("RGB" if channels == 3 else "L")


@contextmanager
def photo_file(path: Path) -> Iterator[Image.Image]:
    """Opens a photo and reads its header alone; errors of the decoder become one clear line.

    Raises:
        BadFileError: See `open_photo`.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes and of tags; what matters is raised
            with Image.open(path) as photo:
                yield photo
    except UnidentifiedImageError as error:
        reason = unreadable_content(path)
        raise BadFileError(f"{path} is no image that can be read{reason}") from error
    except Image.DecompressionBombError as error:
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise BadFileError(
            f"cannot read the image {path}: it has more than {most:,} pixels; make it smaller first"
        ) from error
    except _DAMAGED as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        raise BadFileError(f"cannot read the image {path}: {reason}") from error


def orientation_of(photo: Image.Image) -> int:
    """How a photo lies in its file, from 1 (upright) to 8, as EXIF counts; 1 if nothing says.

    Pillow turns a TIFF by itself, and takes the tag away when it has decoded it.
    """
    try:
        found = 1 if photo.format == "TIFF" else photo.getexif().get(_ORIENTATION, 1)
    except _DAMAGED:  # a photo whose EXIF is broken is a photo still
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def turn_upright(photo: Image.Image, orientation: int) -> Image.Image:
    """Turns a photo upright that lies in its file as EXIF's ``orientation`` says."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return photo.transpose(turns[orientation]) if orientation in turns else photo
