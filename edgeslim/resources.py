"""Files that come with edgeslim: device profiles and latency tables."""

from __future__ import annotations

from pathlib import Path

from edgeslim.errors import UnknownNameError

__all__ = ["data_folder", "table_file"]

_PACKAGE = Path(__file__).parent


def data_folder(name: str) -> Path:
    """A top-level folder of the project: inside the wheel, or beside a checkout's package."""
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def table_file(path: Path) -> Path:
    """The file at a path, or the one of a latency table that comes with edgeslim, by its name.

    Raises:
        UnknownNameError: Neither such a file nor such a name.
    """
    # What has a suffix, or a folder before it, was meant as a file.
    if path.exists() or path.suffix or len(path.parts) != 1:
        return path
    known = {file.stem: file for file in sorted(data_folder("latency_tables").glob("*/*.jsonl"))}
    if path.name not in known:
        raise UnknownNameError("table, and no file,", path.name, known)
    return known[path.name]
