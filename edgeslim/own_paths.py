"""Paths of the user's machine in texts that are passed on: without the folders that name them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

__all__ = ["hide_own_paths"]

_ENDS = r"(?=[/\s'\"<&,;:)\]]|$)"
"""What may stand behind a folder's path: a part of a name is no path."""


def hide_own_paths(text: str) -> str:
    """A text with ``~`` for the user's own folder, and paths in the working folder relative to it.

    Args:
        text: A text with paths, as a person typed them or a program wrote them.
    """
    for folder, short in ((_folder(Path.cwd), "."), (_folder(Path.home), "~")):
        if folder is not None and folder.parent != folder:
            place = re.escape(str(folder))
            if short == ".":
                text = re.sub(rf"(?<![\w/.~-]){place}/(?=[^\s/])", "", text)
            text = re.sub(rf"(?<![\w/.~-]){place}{_ENDS}", short, text)
    return text


def _folder(find: Callable[[], Path]) -> Path | None:
    try:
        return find()
    except (OSError, RuntimeError):  # it is gone, or there is none
        return None
