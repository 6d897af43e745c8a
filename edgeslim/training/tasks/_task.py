"""Tasks: examples for training and for validation, a loss and a metric."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from edgeslim.training.tasks._classification import TopFive, TopOne, cross_entropy

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from paddle import Tensor
    from PIL import Image

    from edgeslim.opspec import Shape
    from edgeslim.picture_steps import PictureSteps
    from edgeslim.training.detection.mean_average_precision import Area, Truths
    from edgeslim.training.detection.suppression import Detections

__all__ = [
    "SPLIT_SEED",
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
]

SPLIT_SEED = 0
"""Seed by which all networks get the same examples for training and for validation."""

Targets = tuple["NDArray[Any]", ...]
"""Ground truth of some images, in the arrays that the task's own loss and metric take."""

Loss = Callable[[Sequence["Tensor"], Sequence["Tensor"]], "Tensor"]
"""Computes one number to minimize from the network's outputs and the targets, all tensors."""


@runtime_checkable
class Examples(Protocol):
    """Images with their targets."""

    def __len__(self) -> int:
        """Number of examples, at least one."""

    def batch(
        self, indices: NDArray[np.int64], rng: np.random.Generator | None
    ) -> tuple[NDArray[np.float32], Targets]:
        """Some examples, made on demand.

        Args:
            indices: Indices of the examples, each from 0 to below the length.
            rng: Random generator for augmentation in training; None where there is none.

        Returns:
            Images ``(len(indices), C, H, W)``, and arrays of targets for them.

        Raises:
            BadFileError: A file of an example cannot be read.
        """


@runtime_checkable
class NamesExamples(Protocol):
    """Examples that can say where they are from."""

    def example_name(self, index: int) -> str:
        """The path or the name of an example, for people."""


@runtime_checkable
class Metric(Protocol):
    """A measure of how good a network is, counted batch by batch."""

    def update(self, outputs: Sequence[NDArray[np.float32]], targets: Targets) -> None:
        """Counts one more batch."""

    def value(self) -> float:
        """The metric of everything counted so far, from 0 to 1; higher is better."""


@runtime_checkable
class CountsBoxes(Metric, Protocol):
    """A metric of detectors, which can show what it holds against what."""

    area: Area

    def pairs(
        self, outputs: Sequence[NDArray[np.float32]], targets: Targets
    ) -> list[tuple[Detections, Truths]]:
        """What was found in each image of a batch, and what is there."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LabelledImages:
    """Images in memory and the class of each; the arrays are read-only.

    Args:
        images: Array ``(N, C, H, W)`` of float32.
        labels: Classes from 0, ``(N,)`` of int64.
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
        indices: NDArray[np.int64],
        rng: np.random.Generator | None,  # noqa: ARG002 - they are not augmented
    ) -> tuple[NDArray[np.float32], Targets]:
        return self.images[indices], (self.labels[indices],)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TaskData:
    """One split of a task's examples for one input shape, with loss and metrics.

    Args:
        train: Examples that a network learns from.
        validation: Examples that a network is evaluated on, and never learns from.
        loss: Loss that training minimizes; by default the cross-entropy of the first output.
        metric: Makes the metric; by default the share of images that are classified correctly.
        more_metrics: Makes further metrics that are reported, by name.
    """

    train: Examples
    validation: Examples
    loss: Loss = cross_entropy
    metric: Callable[[], Metric] = TopOne
    more_metrics: Mapping[str, Callable[[], Metric]] = field(default_factory=dict)

    def metrics(self, task: Task) -> dict[str, Callable[[], Metric]]:
        """All metrics by name, the task's own first; the top five too if there are more classes."""
        found = {task.metric_name: self.metric, **self.more_metrics}
        if self.metric is TopOne and task.num_classes > TopFive.highest:
            found.setdefault(f"{task.metric_name}_top5", TopFive)
        return found


@runtime_checkable
class ReadsPictures(Protocol):
    """A task whose networks can be shown pictures that are not among its examples."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, in order."""

    @property
    def finds_boxes(self) -> bool:
        """Whether its networks find objects in a picture, rather than classify it.

        A network that finds boxes gets the whole picture, whatever its proportions.
        """

    def picture(self, path: Path, input_shape: Shape) -> NDArray[np.float32]:
        """Reads a picture ``(C, H, W)`` in the form that a network for the task takes.

        Raises:
            BadFileError: The file is no picture.
            UsageError: A shape that is not one of images.
        """


@runtime_checkable
class DescribesPictures(ReadsPictures, Protocol):
    """A task that can tell an app how its pictures are read, and show some."""

    def picture_steps(self, input_shape: Shape) -> PictureSteps | None:
        """The steps of `ReadsPictures.picture`, behind the decoder; None if they have no such form.

        Raises:
            UsageError: A shape that is not one of images.
        """

    def example_pictures(self, count: int) -> list[Image.Image]:
        """Up to ``count`` pictures of the task's validation, decoded, of several classes."""


class Task(Protocol):
    """Something that a network can be trained for."""

    @property
    def num_classes(self) -> int:
        """Number of classes."""

    @property
    def metric_name(self) -> str:
        """Name of its metric: ``accuracy``, ``mean_average_precision``."""

    def data(self, input_shape: Shape, seed: int) -> TaskData:
        """The examples in the form that a network reads.

        Args:
            input_shape: Shape of the network's input, ``(N, C, H, W)``; ``N`` is not used.
            seed: Decides which images are for validation, where the task has no split of its
                own; equal seeds give equal data.

        Raises:
            UsageError: A shape that is not one of images, or that it cannot bring them to.
        """
