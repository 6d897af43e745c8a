"""Small grey images brought to the shape that a network reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeslim.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgeslim.opspec import Shape

__all__ = ["check_image_shape", "nearest_neighbour"]


def check_image_shape(input_shape: Shape) -> None:
    """Proves that a shape is one of images.

    Raises:
        UsageError: It is not.
    """
    if len(input_shape) != 4 or min(input_shape[1:]) < 1:
        raise UsageError(f"this task needs an input of shape (N, C, H, W), not {input_shape}")


def nearest_neighbour(images: NDArray[np.float32], input_shape: Shape) -> NDArray[np.float32]:
    """Grey images ``(N, h, w)`` brought to ``(N, C, H, W)``, every channel the same.

    Raises:
        UsageError: A shape that is not one of images.
    """
    check_image_shape(input_shape)
    _, channels, height, width = input_shape
    count, h, w = images.shape
    rows, columns = np.arange(height) * h // height, np.arange(width) * w // width
    scaled = images[:, rows[:, None], columns[None, :]]
    return np.ascontiguousarray(
        np.broadcast_to(scaled[:, None], (count, channels, height, width)), dtype=np.float32
    )
