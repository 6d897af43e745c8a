"""Checks whether photos can be read, without decoding those that look whole."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from edgeslim.errors import BadFileError
from edgeslim.photos.header import png_chunks
from edgeslim.photos.opening import open_photo, photo_file

__all__ = ["photo_fault"]

_REMEMBERED = 1 << 18
"""Number of photos whose faults are kept: a search opens the same data for every candidate."""

_JPEG_END = b"\xff\xd9"


def photo_fault(path: Path) -> str:
    """Why a photo cannot be read, or nothing if its file is one and looks whole.

    The file's header and its end are looked at, in some 50 us; only a file that does not end as
    it should is decoded. Damage in the middle is not found.
    """
    try:
        state = path.stat()
    except FileNotFoundError:
        link = f"it is a link to {path.readlink()}, which is not there" if path.is_symlink() else ""
        return f"cannot read the image {path}: {link or 'No such file or directory'}"
    except OSError as error:
        return f"cannot read the image {path}: {error.strerror or error}"
    return _fault(path, state.st_size, state.st_mtime_ns)


@lru_cache(_REMEMBERED)
def _fault(path: Path, _size: int, _changed_ns: int) -> str:
    try:
        with photo_file(path) as photo:
            kind = photo.format or ""
        with path.open("rb") as stream:
            if not _looks_whole(kind, stream):
                open_photo(path, 3)
    except BadFileError as error:
        return str(error)
    except OSError as error:
        return f"cannot read the image {path}: {error.strerror or error}"
    return ""


def _looks_whole(kind: str, stream: BinaryIO) -> bool:
    """Whether a file of a kind ends as such files do; other kinds are trusted by their header."""
    size = stream.seek(0, 2)
    if kind in {"JPEG", "MPO"}:
        stream.seek(max(0, size - 2))
        return stream.read() == _JPEG_END
    if kind == "PNG":
        return b"IEND" in png_chunks(stream)
    if kind == "GIF":
        stream.seek(max(0, size - 1))
        return stream.read() == b";"
    if kind == "WEBP":
        stream.seek(4)
        return int.from_bytes(stream.read(4), "little") + 8 <= size
    return True
