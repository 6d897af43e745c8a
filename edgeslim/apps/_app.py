"""How an app on the shelf is declared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeslim.execution import Target

__all__ = ["SHARED_CPP", "App"]

SHARED_CPP = Path(__file__).parent / "_cpp"
"""Sources in C++11 that several apps have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class App:
    """A kind of app.

    Args:
        summary: One line about it, for help and messages.
        targets: Kinds of processors that it runs on; the first one is the default.
        folder: Folder with the templates of its files.
        data: Folder of the app that the model and its data are in.
        pictures: Form of the pictures: ``png``, or ``pnm`` for programs without a decoder.
        compare: Command that compares the app with the expected outputs.
        built: How far the app has been built and run by edgeslim's tests, as a sentence.
        shared: Folders of sources that it has from others, by where they go.
        ignored: What a Git repository of the app leaves out, a line each.
    """

    summary: str
    targets: tuple[Target, ...]
    folder: Path
    data: str
    pictures: str
    compare: str
    built: str
    shared: tuple[tuple[str, Path], ...] = ()
    ignored: tuple[str, ...] = ()
