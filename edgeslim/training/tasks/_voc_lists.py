"""Reads lists of photos in the format of VOC, and finds the files that their lines name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edgeslim.errors import BadFileError
from edgeslim.photos import ENDINGS
from edgeslim.texts import read_lines
from edgeslim.training.tasks._class_folders import is_of_the_system, same_name
from edgeslim.training.tasks._left_out import warn_left_out

__all__ = ["AnnotatedFile", "Edition", "list_files"]

_PHOTOS, _ANNOTATIONS = "JPEGImages", "Annotations"

_COLUMN = re.compile(r"(?P<key>.*\S)\s+(?:-1|0|1)")
"""A line of VOC's list for one class: a photo, and whether it has an object of the class."""

_PAIR = re.compile(rf"(?P<key>.*?(?:{'|'.join(map(re.escape, ENDINGS))}))\s.*\.xml", re.IGNORECASE)
"""A line of PaddleDetection's lists: a photo and its annotation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AnnotatedFile:
    """A photo and its annotation file; both exist."""

    photo: Path
    annotation: Path


class Edition:
    """One folder with ``JPEGImages``, ``Annotations`` and ``ImageSets/Main``.

    Args:
        folder: The folder with these three.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._photos = _by_key(folder / _PHOTOS, ENDINGS)
        self._annotations = _by_key(folder / _ANNOTATIONS, (".xml",))

    def list_named(self, name: str) -> Path:
        """Path of the list of a part, such as ``train``."""
        return self.folder / "ImageSets" / "Main" / f"{name}.txt"

    def key_of(self, line: str) -> str:
        """The key of the photo that a line names; if no photo has one, the likeliest key.

        Keys may have spaces, so the whole line is tried before a column is removed.
        """
        texts = [line]
        texts += [found["key"] for form in (_COLUMN, _PAIR) if (found := form.fullmatch(line))]
        keys = [key for text in texts for key in _keys(text)]
        return next((key for key in keys if key in self._photos), keys[-1])

    def find(self, key: str, where: str) -> AnnotatedFile | str:
        """The files of a key, or the reason why there are none."""
        if key not in self._photos:
            return (
                f"{where}: there is no photo {self.folder / _PHOTOS / key} ({', '.join(ENDINGS)})"
            )
        if key not in self._annotations:
            return f"{where}: there is no annotation {self.folder / _ANNOTATIONS / key}.xml"
        return AnnotatedFile(photo=self._photos[key], annotation=self._annotations[key])


def list_files(editions: list[Edition], names: tuple[str, ...]) -> tuple[AnnotatedFile, ...]:
    """Photos and annotations of lists, in their order, each once; it warns of missing ones.

    Args:
        editions: Folders that hold the lists.
        names: Names of the lists, such as ``train``.

    Raises:
        BadFileError: There is no list, the lists are empty, or many files are missing.
    """
    lists = [(edition, edition.list_named(name)) for edition in editions for name in names]
    there = [(edition, file) for edition, file in lists if file.exists()]
    if not there:
        raise BadFileError(f"there is no {lists[0][1]}; it names a photo a line")
    found: dict[AnnotatedFile, None] = {}
    missing: dict[str, str] = {}
    for edition, file in there:
        for key, where in _entries(edition, file):
            entry = edition.find(key, where)
            if isinstance(entry, str):
                missing.setdefault(f"{edition.folder} {key}", entry)
            else:
                found[entry] = None
    if not found and not missing:
        raise BadFileError(f"{there[0][1]} lists no photos")
    warn_left_out(tuple(missing.values()), len(found) + len(missing), f"photos of {there[0][1]}")
    return tuple(found)


def _entries(edition: Edition, file: Path) -> Iterator[tuple[str, str]]:
    """Yields the keys of a list, each with its file and line."""

    def fits(text: str) -> bool:
        """Whether the first photo exists whose name depends on the encoding."""
        first = next((line for line in text.splitlines() if not line.isascii()), "").strip()
        return isinstance(edition.find(edition.key_of(first), ""), AnnotatedFile)

    for number, line in enumerate(read_lines(file, fits), start=1):
        if not line.strip():
            continue
        key = edition.key_of(line.strip())
        if ".." in PurePosixPath(key).parts:
            raise BadFileError(f"{file}:{number}: {line!r} leads out of the data set")
        yield key, f"{file}:{number}"


def _keys(text: str) -> Iterator[str]:
    """Possible keys of an entry: as it is, without folders before it, without its ending."""
    parts = PurePosixPath(same_name(text.strip("\"'").replace("\\", "/"))).parts
    if _PHOTOS in parts:
        parts = parts[parts.index(_PHOTOS) + 1 :]
    elif parts[:1] == ("/",) or parts[0].endswith(":"):  # of another machine
        parts = parts[-1:]
    whole = "/".join(part for part in parts if part != ".")
    stem, dot, ending = whole.rpartition(".")
    yield whole
    if f"{dot}{ending.lower()}" in ENDINGS:
        yield stem


def _by_key(folder: Path, endings: tuple[str, ...]) -> dict[str, Path]:
    """Files of a folder and its subfolders, by their path in it without the ending."""
    found: dict[str, Path] = {}
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not is_of_the_system(name))
        for name in sorted(names):
            path = Path(parent, name)
            if path.suffix.lower() in endings and not is_of_the_system(name):
                key = same_name(str(path.relative_to(folder).with_suffix("")))
                found.setdefault(key, path)
    return found
