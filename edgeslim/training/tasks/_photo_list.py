"""Lists of photos with the class of each: a line ``path class``, classes counted from 0."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edgeslim.errors import BadFileError
from edgeslim.texts import read_lines

__all__ = ["ListedPhoto", "read_photo_list"]

_MOST_CLASSES = 1_000_000
"""A number beyond is a year or an identity, and would be a layer that fits no memory."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedPhoto:
    """One line.

    Args:
        path: The file, which need not be there.
        label: Its class.
    """

    path: Path
    label: int


def read_photo_list(folder: Path, file: Path) -> tuple[ListedPhoto, ...]:
    """The photos of a list; paths that are relative begin at the folder.

    A list that is no Unicode is in the encoding by which its photos are there.

    Raises:
        BadFileError: It cannot be read, a line is none, or it lists nothing.
    """

    def fits(text: str) -> bool:
        """Whether the first photo is there whose name is told apart by the encoding."""
        telling = next((line for line in text.splitlines() if not line.isascii()), "")
        return bool(telling.split()) and _path(folder, telling.rsplit(maxsplit=1)[0]).exists()

    found = []
    for number, line in enumerate(read_lines(file, fits), start=1):
        if not line.strip():
            continue
        path, *label = line.rsplit(maxsplit=1)
        if not label or not (label[0].isascii() and label[0].isdigit()):
            raise BadFileError(f"{file}:{number}: {line!r} is not a path and a class from 0")
        if int(label[0]) >= _MOST_CLASSES:
            raise BadFileError(f"{file}:{number}: {label[0]} is no class; they count from 0")
        found.append(ListedPhoto(path=_path(folder, path.strip()), label=int(label[0])))
    if not found:
        raise BadFileError(f"{file} lists no images")
    return tuple(found)


def _path(folder: Path, text: str) -> Path:
    """Where a photo of a list is: also in a list of Windows, or of a machine with other folders."""
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
        for form in ("NFC", "NFD"):  # macOS takes letters and their accents apart
            tail = unicodedata.normalize(form, "/".join(parts[start:]))
            if (other := folder / tail.lstrip("/")).exists():
                return other
    return path
