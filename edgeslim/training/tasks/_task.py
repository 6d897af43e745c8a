"""What a task is: examples to learn from and to be judged by, a loss and a metric."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from edgeslim.training.tasks._classifying import Accuracy, TopFive, cross_entropy

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from paddle import Tensor

    from edgeslim.opspec import Shape

__all__ = [
    "SPLIT_SEED",
    "Examples",
    "LabelledImages",
    "Loss",
    "Metric",
    "ReadsPictures",
    "Targets",
    "Task",
    "TaskData",
]

SPLIT_SEED = 0
"""With it, all networks learn from the same examples and are judged by the same others."""

Targets = tuple["NDArray[Any]", ...]
"""What is right for some images, in the arrays that the task's own loss and metric take."""

Loss = Callable[[Sequence["Tensor"], Sequence["Tensor"]], "Tensor"]
"""From the network's outputs and the targets, both as tensors, to one number to make small."""


@runtime_checkable
class Examples(Protocol):
    """Images, and what is right for each."""

    def __len__(self) -> int:
        """How many there are; at least one."""

    def batch(
        self, places: NDArray[np.int64], rng: np.random.Generator | None
    ) -> tuple[NDArray[np.float32], Targets]:
        """Some examples, made when they are asked for.

        Args:
            places: Which ones, each from 0 to below the length.
            rng: Given for training only: images may be varied, by what it draws alone.

        Returns:
            Images ``(len(places), C, H, W)``, and arrays of targets for them.

        Raises:
            BadFileError: A file of theirs cannot be read.
        """


@runtime_checkable
class Metric(Protocol):
    """How right a network is, told batch by batch."""

    def update(self, outputs: Sequence[NDArray[np.float32]], targets: Targets) -> None:
        """Counts one more batch."""

    def value(self) -> float:
        """Of everything counted so far, from 0 to 1; higher is better."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LabelledImages:
    """Images in memory and the class of each; the arrays cannot be written to.

    Args:
        images: ``(N, C, H, W)``, float32.
        labels: ``(N,)``, int64, from 0.
    """

    images: NDArray[np.float32]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.images.dtype != np.float32:
            found = f"{self.images.dtype} {self.images.shape}"
            raise ValueError(f"images must be float32 (N, C, H, W), not {found}")
        if self.labels.shape != self.images.shape[:1] or self.labels.dtype != np.int64:
            found = f"{self.labels.dtype} {self.labels.shape}"
            raise ValueError(f"labels must be int64 {self.images.shape[:1]}, not {found}")
        if not len(self.labels):
            raise ValueError("there must be at least one image")
        self.images.flags.writeable = False
        self.labels.flags.writeable = False

    def __len__(self) -> int:
        return len(self.labels)

    def batch(
        self,
        places: NDArray[np.int64],
        rng: np.random.Generator | None,  # noqa: ARG002 - as they are, always
    ) -> tuple[NDArray[np.float32], Targets]:
        return self.images[places], (self.labels[places],)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TaskData:
    """One split of a task's examples, for one shape of input, and how to judge by them.

    Args:
        train: What a network learns from.
        validation: What it is judged by; it never learns from them.
        loss: What training makes small; by default the cross-entropy of the first output.
        metric: Begins a count; by default the share of images that are classified right.
        more_metrics: What else is counted and told, by name.
    """

    train: Examples
    validation: Examples
    loss: Loss = cross_entropy
    metric: Callable[[], Metric] = Accuracy
    more_metrics: Mapping[str, Callable[[], Metric]] = field(default_factory=dict)

    def metrics(self, task: Task) -> dict[str, Callable[[], Metric]]:
        """All by name: the task's own first; of many classes the five highest scores as well."""
        found = {task.metric_name: self.metric, **self.more_metrics}
        if self.metric is Accuracy and task.num_classes > TopFive.highest:
            found.setdefault(f"{task.metric_name}_top5", TopFive)
        return found


@runtime_checkable
class ReadsPictures(Protocol):
    """What a task has whose networks can be shown pictures that are none of its examples."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of each class, in order."""

    @property
    def finds_boxes(self) -> bool:
        """Whether its networks find objects in a picture; otherwise they say of which class it is.

        What finds boxes is shown the whole picture, whatever its proportions.
        """

    def picture(self, path: Path, input_shape: Shape) -> NDArray[np.float32]:
        """A picture ``(C, H, W)`` as a network that was trained for the task reads it.

        Raises:
            BadFileError: The file is no picture.
            UsageError: A shape that is not one of images.
        """


class Task(Protocol):
    """Something a network can be trained for."""

    @property
    def num_classes(self) -> int:
        """How many classes are told apart."""

    @property
    def metric_name(self) -> str:
        """What its metric is called: ``accuracy``, ``mean_average_precision``."""

    def data(self, input_shape: Shape, seed: int) -> TaskData:
        """The examples in the form a network reads.

        Args:
            input_shape: ``(N, C, H, W)`` of the network's input; ``N`` has no meaning here.
            seed: Decides which images are for validation, where the task does not say so
                itself; equal seeds, equal data.

        Raises:
            UsageError: A shape that is not one of images, or that it cannot bring them to.
        """
