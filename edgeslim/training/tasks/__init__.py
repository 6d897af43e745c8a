"""Tasks by name, one file a task. None needs Paddle."""

from __future__ import annotations

from edgeslim.training.tasks._entry import TaskEntry
from edgeslim.training.tasks._find import TASKS, find_task
from edgeslim.training.tasks._subset import draw_part
from edgeslim.training.tasks._task import (
    SPLIT_SEED,
    DescribesPictures,
    Examples,
    LabelledImages,
    Loss,
    Metric,
    ReadsPictures,
    Targets,
    Task,
    TaskData,
)

__all__ = [
    "SPLIT_SEED",
    "TASKS",
    "DescribesPictures",
    "Examples",
    "LabelledImages",
    "Loss",
    "Metric",
    "ReadsPictures",
    "Targets",
    "Task",
    "TaskData",
    "TaskEntry",
    "draw_part",
    "find_task",
]
