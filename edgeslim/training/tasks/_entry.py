"""How a task by name is declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgeslim.training.tasks._task import Task

__all__ = ["TaskEntry"]


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskEntry:
    """A task by name: how it is opened, and what its folder must hold.

    Args:
        summary: One line about the task, for lists of tasks.
        open: Opens the task from a folder, or from None, and from its choices. It only checks
            that files are there; ``Task.data`` reads them.
        holds: What the folder of ``NAME:FOLDER`` must hold; empty if the task takes none.
        default_folder: Folder of its files if none is given; None if one must be given.
        choices: Values by key that can be chosen behind the folder, ``NAME:FOLDER,KEY=VALUE``;
            the first one is the default.
    """

    summary: str
    open: Callable[[Path | None, Mapping[str, str]], Task]
    holds: str = ""
    default_folder: Path | None = None
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
