"""How long work tells how far it is; the command line draws it, the library is silent."""

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
        """Says a line above the progress without moving it."""


class Progress(Protocol):
    """Where stages are shown."""

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
"""Shows nothing."""
