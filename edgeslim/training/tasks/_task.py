"""What a task is: labelled images, some to learn from and some to be judged by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from edgeslim.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgeslim.opspec import Shape

__all__ = ["LabelledImages", "Task", "TaskData", "nearest_neighbour"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LabelledImages:
    """Images and the class of each; the arrays cannot be written to.

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


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TaskData:
    """One split of a task's images.

    Args:
        train: What a network learns from.
        validation: What it is judged by; it never learns from them.
    """

    train: LabelledImages
    validation: LabelledImages


class Task(Protocol):
    """Something a network can be trained for."""

    @property
    def num_classes(self) -> int:
        """How many classes the labels tell apart."""

    def data(self, input_shape: Shape, seed: int) -> TaskData:
        """The images in the form a network reads.

        Args:
            input_shape: ``(N, C, H, W)`` of the network's input; ``N`` has no meaning here.
            seed: Decides which images are for validation; equal seeds, equal data.

        Raises:
            UsageError: A shape that is not one of images.
        """


def nearest_neighbour(images: NDArray[np.float32], input_shape: Shape) -> NDArray[np.float32]:
    """Grey images ``(N, h, w)`` brought to ``(N, C, H, W)``, every channel the same.

    Raises:
        UsageError: A shape that is not one of images.
    """
    if len(input_shape) != 4 or min(input_shape[1:]) < 1:
        raise UsageError(f"this task needs an input of shape (N, C, H, W), not {input_shape}")
    _, channels, height, width = input_shape
    count, h, w = images.shape
    rows, columns = np.arange(height) * h // height, np.arange(width) * w // width
    scaled = images[:, rows[:, None], columns[None, :]]
    return np.ascontiguousarray(
        np.broadcast_to(scaled[:, None], (count, channels, height, width)), dtype=np.float32
    )
