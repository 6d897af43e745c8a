"""What a file of this folder says about its task."""

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
    """One task: how it is opened, and what its folder must hold.

    Args:
        summary: One line for a list of tasks.
        open: The task, from a folder or without one, and from what was chosen. What its data
            costs to read is read by ``Task.data``; here is only proved that they are there.
        holds: What the folder of ``NAME:FOLDER`` holds; empty if the task takes none.
        default_folder: Where its files are if no folder is given; None if one must be given.
        choices: What may be chosen behind the folder, ``NAME:FOLDER,KEY=VALUE``: values by key,
            the first of which is taken if nothing is said.
    """

    summary: str
    open: Callable[[Path | None, Mapping[str, str]], Task]
    holds: str = ""
    default_folder: Path | None = None
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
