"""Scales small grey images to the shape that a network reads."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.errors import UsageError
from edgeslim.free_memory import require_memory
from edgeslim.photos import open_photo
from edgeslim.picture_steps import BACKGROUND, Arithmetic, Filter, PicturePart, PictureSteps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgeslim.opspec import Shape

__all__ = [
    "check_image_shape",
    "grey_steps",
    "pad_or_average",
    "padded_places",
    "read_grey_picture",
    "scale_to_nearest",
]


def read_grey_picture(path: Path, side: int) -> NDArray[np.float32]:
    """Reads a picture as grey square, ``(1, side, side)`` from 0 to 255.

    Raises:
        BadFileError: The file is no picture.
    """
    from PIL import Image

    photo = open_photo(path, 1)
    if photo.size != (side, side):
        photo = photo.resize((side, side), Image.Resampling.BOX)
    return np.asarray(photo, dtype=np.float32)[None]


def check_image_shape(input_shape: Shape) -> None:
    """Checks that a shape is one of images.

    Raises:
        UsageError: The shape is not ``(N, C, H, W)``.
    """
    if len(input_shape) != 4 or min(input_shape[1:]) < 1:
        raise UsageError(f"this task needs an input of shape (N, C, H, W), not {input_shape}")


def scale_to_nearest(images: NDArray[np.float32], input_shape: Shape) -> NDArray[np.float32]:
    """Scales grey images ``(N, h, w)`` to ``(N, C, H, W)`` by nearest neighbours, on all channels.

    Raises:
        UsageError: A shape that is not one of images.
        TooLargeError: There is not enough memory for all of them.
    """
    check_image_shape(input_shape)
    _check_memory(len(images), input_shape)
    _, channels, height, width = input_shape
    count, h, w = images.shape
    rows, columns = np.arange(height) * h // height, np.arange(width) * w // width
    scaled = images[:, rows[:, None], columns[None, :]]
    return np.ascontiguousarray(
        np.broadcast_to(scaled[:, None], (count, channels, height, width)), dtype=np.float32
    )


def pad_or_average(images: NDArray[np.float32], input_shape: Shape) -> NDArray[np.float32]:
    """Pads or averages grey images ``(N, h, w)`` to ``(N, C, H, W)``, the same on all channels.

    Height and width are treated separately: an extent that grows by less than a quarter is
    padded with zeros on both sides, so that 28x28 becomes 32x32 with every pixel as it was; any
    other is averaged over the area that each new pixel covers, which repeats pixels where it
    grows and loses none where it shrinks.

    Raises:
        UsageError: A shape that is not one of images.
        TooLargeError: There is not enough memory for all of them.
    """
    check_image_shape(input_shape)
    _check_memory(len(images), input_shape)
    _, channels, height, width = input_shape
    count, h, w = images.shape
    scaled = _resampling(h, height) @ images @ _resampling(w, width).T
    return np.ascontiguousarray(
        np.broadcast_to(scaled[:, None], (count, channels, height, width)), dtype=np.float32
    )


def _check_memory(count: int, input_shape: Shape) -> None:
    """Checks that images fit in memory, where all of them are held."""
    require_memory(
        count * math.prod(input_shape[1:]) * np.dtype(np.float32).itemsize,
        f"a task of {count:,} images of {'x'.join(map(str, input_shape[1:]))}",
        "give a smaller --input-shape",
    )


def _resampling(before: int, after: int) -> NDArray[np.float32]:
    """Weight of each old pixel in each new one, ``(after, before)``."""
    if before <= after < before * 1.25:
        return np.eye(after, before, k=-((after - before) // 2), dtype=np.float32)
    edges = np.arange(after + 1) * before / after
    low, high = edges[:-1, None], edges[1:, None]
    pixels = np.arange(before)
    overlap = np.minimum(high, pixels + 1) - np.maximum(low, pixels)
    return np.asarray(np.maximum(overlap, 0) / (high - low), dtype=np.float32)


def padded_places(before: int, after: int) -> tuple[int, ...] | None:
    """The old pixel of each new one by `pad_or_average`; None where it averages several."""
    weights = _resampling(before, after)
    if not np.isin(weights, (0, 1)).all():
        return None
    return tuple(int(row.argmax()) if row.any() else BACKGROUND for row in weights)


def grey_steps(
    side: int,
    input_shape: Shape,
    rows: tuple[int, ...],
    columns: tuple[int, ...],
    *,
    divisor: float,
    mean: float,
    deviation: float,
) -> PictureSteps:
    """The steps of `read_grey_picture`, a choice of its pixels, and a standardisation in float32.

    Args:
        side: Side of the grey square, in pixels.
        input_shape: Shape of the network's input.
        rows: Row of the square for each row of the input.
        columns: Column of the square for each column of the input.
        divisor: What pixels from 0 to 255 are divided by first.
        mean: Mean that is subtracted.
        deviation: Deviation that is divided by.
    """
    return PictureSteps(
        colours=1,
        part=PicturePart.WHOLE,
        filter=Filter.BOX,
        height=side,
        width=side,
        rows=rows,
        columns=columns,
        channels=input_shape[1],
        divisor=divisor,
        mean=(mean,),
        deviation=(deviation,),
        arithmetic=Arithmetic.FLOAT,
    )
