"""Tasks by name, one file a task. None needs Paddle."""

from __future__ import annotations

from edgeslim.training.tasks._classification import TopOne
from edgeslim.training.tasks._entry import TaskEntry
from edgeslim.training.tasks._find import TASKS, find_task
from edgeslim.training.tasks._subset import draw_part
from edgeslim.training.tasks._task import (
    SPLIT_SEED,
    CountsBoxes,
    DescribesPictures,
    Examples,
    LabelledImages,
    Loss,
    Metric,
    NamesExamples,
    ReadsPictures,
    Targets,
    Task,
    TaskData,
)

__all__ = [
    "SPLIT_SEED",
    "TASKS",
    "CountsBoxes",
    "DescribesPictures",
    "Examples",
    "LabelledImages",
    "Loss",
    "Metric",
    "NamesExamples",
    "ReadsPictures",
    "Targets",
    "Task",
    "TaskData",
    "TaskEntry",
    "TopOne",
    "draw_part",
    "find_task",
]
