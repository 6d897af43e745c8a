"""Finds photos in folders named after classes, and counts what else lies there."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgeslim.errors import BadFileError
from edgeslim.photos import ENDINGS

__all__ = ["find_class_folders", "is_of_the_system", "same_name", "similar_names"]

_OF_SYSTEMS = {
    *("__MACOSX", "__pycache__", "@eaDir", "$RECYCLE.BIN", "System Volume Information"),
    *("lost+found", "Thumbs.db", "ehthumbs.db", "desktop.ini", "Desktop.ini", "Icon\r"),
}
"""Files of systems and programs, which are ignored like all that begin with a full stop."""


@dataclass(slots=True)
class _PassedOver:
    """Numbers of files that are no photo of a class."""

    endings: Counter[str] = field(default_factory=Counter)
    loose: int = 0
    hidden: int = 0
    repeated: int = 0

    def describe(self) -> list[str]:
        lines = []
        if self.endings:
            kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.endings.items()))
            heic = {".heic", ".heif"} & set(self.endings)
            mend = "; make JPEGs of HEIC photos first, as by heif-convert" if heic else ""
            lines.append(f"files that are no photos ({kinds}{mend})")
        counts = {
            "photos in no class's folder": self.loose,
            "hidden photos or folders": self.hidden,
            "links to folders that are there already": self.repeated,
        }
        return lines + [f"{what} ({count})" for what, count in counts.items() if count]


def is_of_the_system(name: str) -> bool:
    """Whether a name is one that systems and programs give to files and folders of their own."""
    return name.startswith(".") or name in _OF_SYSTEMS


def same_name(name: str) -> str:
    """Normal form of a name: macOS stores letters and their accents separately."""
    return unicodedata.normalize("NFC", name)


def similar_names(where: Path, names: Sequence[str]) -> list[str]:
    """Warnings about classes whose names differ by capitals or spaces alone."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault("".join(same_name(name).casefold().split()), []).append(name)
    return [
        f"{where}: {' and '.join(map(repr, group))} are classes of their own"
        for group in groups.values()
        if len(group) > 1
    ]


def find_class_folders(folder: Path) -> tuple[dict[str, tuple[Path, ...]], str]:
    """Finds the photos of each folder in a folder, and of folders within, in order of names.

    Returns:
        The photos by the name of their class, and a text about what was ignored.

    Raises:
        BadFileError: There is no such folder, or no folder in it.
    """
    if not folder.is_dir():
        raise BadFileError(f"there is no folder {folder}")
    passed, photos = _PassedOver(), {}
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if is_of_the_system(path.name):
            passed.hidden += path.is_dir() and path.name not in _OF_SYSTEMS
        elif path.is_dir():
            photos[_readable(path.name)] = tuple(_photos(path, passed))
        elif path.suffix.lower() in ENDINGS:
            passed.loose += 1
    if not photos:
        loose = f", and {passed.loose} photos lie in it; make a folder for each class"
        raise BadFileError(f"{folder} has no folder for any class{loose if passed.loose else ''}")
    ignored = ", ".join(passed.describe())
    return photos, f"{folder}: passed over {ignored}" if ignored else ""


def _readable(name: str) -> str:
    """A printable name: a file's may be bytes that are not UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _photos(folder: Path, passed: _PassedOver) -> Iterator[Path]:
    """Yields photos in a class's folder, however deep; a folder behind several links once."""
    seen: set[str] = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        here = os.path.realpath(parent)
        if here in seen:
            passed.repeated += 1
            folders.clear()
            continue
        seen.add(here)
        passed.hidden += sum(is_of_the_system(name) and name not in _OF_SYSTEMS for name in folders)
        folders[:] = sorted(name for name in folders if not is_of_the_system(name))
        for name in sorted(names):
            ending = Path(name).suffix.lower()
            if is_of_the_system(name):
                passed.hidden += ending in ENDINGS and not name.startswith("._")
            elif ending in ENDINGS:
                yield Path(parent, name)
            else:
                passed.endings[ending or name] += 1
