"""Progress of long work; the command line draws it, and the library is silent by default."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

__all__ = ["SILENT", "Progress", "Stage"]


class Stage(Protocol):
    """One step of known size."""

    def advance(self, amount: float = 1.0, *, note: str = "") -> None:
        """Counts ``amount`` more of the stage's total as done."""

    def note(self, text: str) -> None:
        """Prints a line above the progress without advancing it."""


class Progress(Protocol):
    """Shows the progress of stages."""

    def stage(self, title: str, total: float) -> AbstractContextManager[Stage]:
        """A context in which ``total`` units of work are done."""


class _Silent:
    def advance(self, amount: float = 1.0, *, note: str = "") -> None:
        pass

    def note(self, text: str) -> None:
        pass

    @contextmanager
    def stage(self, title: str, total: float) -> Iterator[Stage]:  # noqa: ARG002
        yield self


SILENT: Progress = _Silent()
"""A progress that shows nothing."""
