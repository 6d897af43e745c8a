"""Lists of photos with the class of each: a line ``path class``, classes counted from 0."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edgeslim.errors import BadFileError
from edgeslim.texts import read_lines

__all__ = ["ListedPhoto", "read_photo_list"]

_MOST_CLASSES = 1_000_000
"""A larger number is a year or an identity; a layer of as many classes fits no memory."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedPhoto:
    """A line of a list.

    Args:
        path: The photo's file, which may be missing.
        label: Class of the photo, from 0.
    """

    path: Path
    label: int


def read_photo_list(folder: Path, file: Path) -> tuple[ListedPhoto, ...]:
    """Reads a list of photos; relative paths begin at the folder.

    The encoding of a list that is not Unicode is the one in which the names of its photos exist.

    Raises:
        BadFileError: The list cannot be read, a line is not valid, or it lists nothing.
    """

    def fits(text: str) -> bool:
        """Whether the first photo exists whose name depends on the encoding."""
        first = next((line for line in text.splitlines() if not line.isascii()), "")
        return bool(first.split()) and _path(folder, first.rsplit(maxsplit=1)[0]).exists()

    found = []
    for number, line in enumerate(read_lines(file, fits), start=1):
        if not line.strip():
            continue
        path, *label = line.rsplit(maxsplit=1)
        if not label or not (label[0].isascii() and label[0].isdigit()):
            raise BadFileError(f"{file}:{number}: {line!r} is not a path and a class from 0")
        if int(label[0]) >= _MOST_CLASSES:
            raise BadFileError(f"{file}:{number}: {label[0]} is no class; classes count from 0")
        found.append(ListedPhoto(path=_path(folder, path.strip()), label=int(label[0])))
    if not found:
        raise BadFileError(f"{file} lists no images")
    return tuple(found)


def _path(folder: Path, text: str) -> Path:
    """Finds a photo of a list, also of one from Windows or from a machine with other folders."""
    text = text.strip("\"'")
    path = folder / text
    if path.exists():
        return path
    parts = PurePosixPath(text.replace("\\", "/")).parts
    if ".." in parts:
        return path
    is_absolute = parts[:1] == ("/",) or parts[0].endswith(":")
    shortest = 1 if is_absolute else min(2, len(parts))
    for start in range(len(parts) - shortest + 1):
        for form in ("NFC", "NFD"):  # macOS stores letters and their accents separately
            tail = unicodedata.normalize(form, "/".join(parts[start:]))
            if (other := folder / tail.lstrip("/")).exists():
                return other
    return path
