"""The pictures of a task that a model is shown, in the form that its input takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeslim.conversion.prepare import PreparedModel
from edgeslim.counts import format_count
from edgeslim.errors import ModelError, UsageError
from edgeslim.evaluating.answers import Judge
from edgeslim.evaluating.box_answers import BoxJudge
from edgeslim.evaluating.class_answers import OutputJudge
from edgeslim.opspec import Shape
from edgeslim.own_paths import hide_own_paths
from edgeslim.training.tasks import (
    SPLIT_SEED,
    CountsBoxes,
    NamesExamples,
    ReadsPictures,
    Targets,
    Task,
    TaskData,
    find_task,
)

__all__ = ["IMAGES", "TaskPictures"]

IMAGES = 500
"""Pictures that a device is shown if nobody says how many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskPictures:
    """Validation pictures of a task for one model, drawn at random, always the same ones.

    Args:
        task: The task as it was named.
        data: Its examples for the model's input.
        indices: Places of the chosen pictures among those for validation, in rising order.
        input_name: Name of the model's input.
        input_shape: Shape of the model's input; its first extent is how many pictures one run
            takes.
        judge: Judges what the model answers.
        notes: What people should know of the choice, as sentences.
    """

    task: str
    data: TaskData
    indices: NDArray[np.int64]
    input_name: str
    input_shape: Shape
    judge: Judge
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, task: str, model: PreparedModel, images: int) -> TaskPictures:
        """Chooses pictures of a task for a model.

        Args:
            task: The task as it was named.
            model: The model that is to be shown them.
            images: Number of pictures; all of them if there are not so many.

        Raises:
            UsageError: No such task, no positive number, or pictures do not fit the input.
            BadFileError: Files of the task cannot be read.
            ModelError: The model takes other inputs than pictures, or has too few classes.
        """
        if images < 1:
            raise UsageError(f"--images must be at least 1, not {images}")
        found = find_task(task)
        name, shape = _picture_input(model)
        data = found.data(shape, SPLIT_SEED)
        available = len(data.validation)
        chosen = np.random.default_rng(SPLIT_SEED).permutation(available)[:images]
        notes = _class_notes(model, found, data)
        if images > available:
            known = format_count(available, "picture")
            notes += (f"{task} has {known} to judge by, and all of them are used",)
        return cls(
            task=task,
            data=data,
            indices=np.sort(chosen),
            input_name=name,
            input_shape=shape,
            judge=_judge(found, data),
            notes=notes,
        )

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def available(self) -> int:
        """Number of validation pictures that the task has."""
        return len(self.data.validation)

    @property
    def bytes_each(self) -> int:
        """Bytes of one picture as the model's input."""
        return math.prod(self.input_shape[1:]) * np.dtype(np.float32).itemsize

    def read(self, start: int, stop: int) -> tuple[NDArray[np.float32], Targets]:
        """Some of the chosen pictures ``(n, C, H, W)`` with what is right.

        Raises:
            BadFileError: A picture cannot be read.
        """
        return self.data.validation.batch(self.indices[start:stop], None)

    def as_runs(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Pictures as inputs of successive runs, ``(runs, *input shape)``.

        The last run is filled up with its last picture.
        """
        at_once = self.input_shape[0]
        missing = -len(images) % at_once
        filled = np.concatenate([images, np.repeat(images[-1:], missing, axis=0)])
        runs: NDArray[np.float32] = filled.reshape(-1, at_once, *images.shape[1:])
        return runs

    def name_of(self, place: int) -> str:
        """Path of a chosen picture; empty if the task's pictures have none."""
        examples = self.data.validation
        if not isinstance(examples, NamesExamples):
            return ""
        return hide_own_paths(examples.example_name(int(self.indices[place])))

    def outputs_of(
        self, runs: list[list[NDArray[Any]]], model: PreparedModel, count: int
    ) -> list[NDArray[Any]]:
        """Outputs of successive runs as outputs for pictures, each ``(count, ...)``.

        Raises:
            ModelError: An output has not one row for each picture.
        """
        shapes = model.graph.shapes
        found = []
        for place, name in enumerate(model.graph.fetches):
            shape, arrays = shapes[name], [run[place] for run in runs]
            if all(array.size == math.prod(shape) for array in arrays):
                # The runtime leaves out some axes of extent 1.
                arrays = [array.reshape(shape) for array in arrays]
            rows = {array.shape[:1] for array in arrays}
            if rows != {(self.input_shape[0],)} or len({a.shape for a in arrays}) > 1:
                raise ModelError(
                    f"{model.name} gives {name!r} as {list(arrays[0].shape)} for "
                    f"{self.input_shape[0]} pictures at once; the task needs a row of the same "
                    "shape for each picture"
                )
            found.append(np.concatenate(arrays)[:count])
        return found


def _picture_input(model: PreparedModel) -> tuple[str, Shape]:
    """Name and shape of the only input of a model, which must be pictures."""
    feeds = model.graph.feeds
    if len(feeds) != 1:
        named = ", ".join(feeds)
        raise ModelError(f"{model.name} has {len(feeds)} inputs ({named}); a task shows pictures")
    ((name, shape),) = feeds.items()
    kind = model.graph.feed_type(name)
    if len(shape) != 4:
        raise ModelError(
            f"{model.name} reads {list(shape)} as {name!r}; a task's pictures are (N, C, H, W)"
        )
    if kind != "float32":
        raise ModelError(f"{model.name} reads {kind} as {name!r}; a task's pictures are float32")
    return name, shape


def _judge(task: Task, data: TaskData) -> Judge:
    names = task.class_names if isinstance(task, ReadsPictures) else ()
    metric = data.metric()
    if isinstance(metric, CountsBoxes):
        return BoxJudge(name=task.metric_name, metric=metric, class_names=names)
    return OutputJudge(metrics=data.metrics(task), class_names=names)


def _class_notes(model: PreparedModel, task: Task, data: TaskData) -> tuple[str, ...]:
    """A note if a classifier has more classes than the task.

    Raises:
        ModelError: It has fewer.
    """
    judge = _judge(task, data)
    shape = model.graph.shapes[model.graph.fetches[0]]
    if not isinstance(judge, OutputJudge) or not judge.classifies or len(shape) != 2:
        return ()
    if shape[1] < task.num_classes:
        raise ModelError(
            f"{model.name} has {shape[1]} classes and the task has {task.num_classes}; give the "
            "model that was trained for it, or the task that the model was trained for"
        )
    if shape[1] > task.num_classes:
        return (f"{model.name} has {shape[1]} classes and the task has {task.num_classes}",)
    return ()
