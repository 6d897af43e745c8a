"""Tasks by name, one file a task. None needs Paddle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeslim.registry import Shelf

if TYPE_CHECKING:
    from edgeslim.training.tasks._task import Task

__all__ = ["TASKS"]

TASKS: Shelf[Task] = Shelf(what="task", package="edgeslim.training.tasks", attribute="TASK")
"""All tasks, by name."""
