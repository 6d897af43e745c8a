"""A task that a user wrote, with checks of everything that it gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeslim.conversion.user_object import check_has, with_error_context
from edgeslim.errors import BadFileError
from edgeslim.training.tasks._classification import TopFive, TopOne
from edgeslim.training.tasks._task import TaskData

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgeslim.opspec import Shape
    from edgeslim.training.tasks._task import Examples, Metric, Targets

__all__ = ["UserTask"]

_IS_TASK = ("num_classes", "metric_name", "data")
_READS_PICTURES = ("class_names", "finds_boxes", "picture")
_DESCRIBES_PICTURES = ("picture_steps", "example_pictures")
_IS_DATA = ("train", "validation", "loss", "metric")
_IS_EXAMPLES = ("__len__", "batch")
_IS_METRIC = ("update", "value")


class UserTask:
    """A user's task; what it lacks and what it raises becomes one clear line.

    Args:
        name: Where the task is from, for messages: ``task.py: TASK``.
        task: Object that the user's file defines.

    Raises:
        BadFileError: The object is no task.
    """

    def __init__(self, name: str, task: Any) -> None:  # noqa: ANN401 - the user's own
        check_has(name, task, _IS_TASK)
        if isinstance(task.num_classes, bool) or not isinstance(task.num_classes, int):
            raise BadFileError(f"{name}.num_classes must be a whole number")
        if task.num_classes < 1:
            raise BadFileError(f"{name}.num_classes must be at least 1, not {task.num_classes}")
        if not isinstance(task.metric_name, str) or not task.metric_name:
            raise BadFileError(f"{name}.metric_name must be a text such as 'accuracy'")
        self._name = name
        self._task = task
        self.num_classes: int = task.num_classes
        self.metric_name: str = task.metric_name
        if all(hasattr(task, part) for part in _READS_PICTURES):
            self.class_names = tuple(map(str, task.class_names))
            self.finds_boxes = bool(task.finds_boxes)
            self.picture = with_error_context(f"{name}.picture", task.picture)
            if all(hasattr(task, part) for part in _DESCRIBES_PICTURES):
                self.picture_steps, self.example_pictures = (
                    with_error_context(f"{name}.{part}", getattr(task, part))
                    for part in _DESCRIBES_PICTURES
                )

    def data(self, input_shape: Shape, seed: int) -> TaskData:
        data = with_error_context(f"{self._name}.data", self._task.data)(input_shape, seed)
        where = f"{self._name}.data(...)"
        check_has(where, data, _IS_DATA)
        for part in ("train", "validation"):
            check_has(f"{where}.{part}", getattr(data, part), _IS_EXAMPLES)
            if not len(getattr(data, part)):
                raise BadFileError(f"{where}.{part} has no examples")
        return TaskData(
            train=_UserExamples(f"{where}.train", data.train, input_shape),
            validation=_UserExamples(f"{where}.validation", data.validation, input_shape),
            loss=with_error_context(f"{where}.loss", data.loss),
            metric=_metric(f"{where}.metric", data.metric),
            more_metrics={
                name: _metric(f"{where}.more_metrics[{name!r}]", begin)
                for name, begin in getattr(data, "more_metrics", {}).items()
            },
        )


def _metric(name: str, begin: Callable[[], Metric]) -> Callable[[], Metric]:
    """Wraps what makes a metric; ours stay as they are, for they have intervals and a top five."""
    if begin is TopOne or begin is TopFive:
        return begin
    return lambda: _UserMetric(f"{name}()", begin)


class _UserMetric:
    """A user's metric; what it raises becomes one clear line."""

    def __init__(self, name: str, begin: Callable[[], Metric]) -> None:
        metric = with_error_context(name, begin)()
        check_has(name, metric, _IS_METRIC)
        self.update = with_error_context(f"{name}.update", metric.update)
        self.value = with_error_context(f"{name}.value", metric.value)


class _UserExamples:
    """A user's examples; each batch is checked."""

    def __init__(self, name: str, examples: Examples, input_shape: Shape) -> None:
        self._name = f"{name}.batch"
        self._examples = examples
        self._input_shape = tuple(input_shape)

    def __len__(self) -> int:
        return len(self._examples)

    def batch(
        self, indices: NDArray[np.int64], rng: np.random.Generator | None
    ) -> tuple[NDArray[np.float32], Targets]:
        images, targets = with_error_context(self._name, self._arrays)(indices, rng)
        expected = (len(indices), *self._input_shape[1:])
        if images.shape != expected or images.dtype != np.float32:
            found = f"{images.dtype} {images.shape}"
            raise BadFileError(f"{self._name} must give float32 {expected} images, not {found}")
        return images, targets

    def _arrays(
        self, indices: NDArray[np.int64], rng: np.random.Generator | None
    ) -> tuple[NDArray[np.float32], Targets]:
        images, targets = self._examples.batch(indices, rng)
        return np.asarray(images), tuple(map(np.asarray, targets))
