"""What a task is: examples to learn from and to be judged by, a loss and a metric."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from edgeslim.training.tasks._classifying import Accuracy, cross_entropy

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from paddle import Tensor

    from edgeslim.opspec import Shape

__all__ = ["Examples", "LabelledImages", "Loss", "Metric", "Targets", "Task", "TaskData"]

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
    """

    train: Examples
    validation: Examples
    loss: Loss = cross_entropy
    metric: Callable[[], Metric] = Accuracy


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
