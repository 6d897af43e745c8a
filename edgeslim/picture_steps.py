"""How a picture becomes a network's input and boxes are read from its outputs, as values.

Tasks say it in these values, and an app in any language can do the same, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "BACKGROUND",
    "Arithmetic",
    "BoxDecoding",
    "Filter",
    "PicturePart",
    "PictureSteps",
    "apply",
]

BACKGROUND = -1
"""In maps of rows and columns: what is added around a picture, as dark as a pixel of 0."""


class PicturePart(str, Enum):
    """Which part of a picture a network sees."""

    MIDDLE = "middle"
    """The largest part of the network's proportions in the middle, smaller by a factor."""
    WHOLE = "whole"
    """All of it, whatever its proportions."""


class Filter(str, Enum):
    """How pixels are averaged when a picture is resized, as Pillow's filters of these names do."""

    BILINEAR = "bilinear"
    BOX = "box"


class Arithmetic(str, Enum):
    """The type of numbers that pixels are standardised in, before they become float32."""

    FLOAT = "float32"
    DOUBLE = "float64"


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureSteps:
    """The steps from a decoded picture to a network's input ``(1, C, H, W)``.

    The picture is upright, of red, green and blue or grey, with 8 bits a channel. The part of it
    is resized to ``height`` and ``width`` with the filter; ``rows`` and ``columns`` of the result
    are chosen; and each pixel becomes ``(pixel / divisor - mean) / deviation``, where the first
    division is in float32 and the rest in ``arithmetic``. A grey picture fills all channels.

    Args:
        colours: Channels of the picture: 3 for colours, 1 for grey.
        part: Which part of the picture is used.
        shrink: Sides of the largest part in the middle, over the sides of the used one.
        filter: How pixels are averaged.
        height: Height after resizing, in pixels.
        width: Width after resizing, in pixels.
        rows: Index of the resized row for each row of the input; or `BACKGROUND`.
        columns: Index of the resized column for each column of the input; or `BACKGROUND`.
        channels: Channels of the input.
        divisor: What pixels from 0 to 255 are divided by first.
        mean: Mean for each colour.
        deviation: Deviation for each colour.
        arithmetic: Type of numbers in which the mean is subtracted and the deviation divided by.
    """

    colours: int
    part: PicturePart
    filter: Filter
    height: int
    width: int
    channels: int
    divisor: float
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    arithmetic: Arithmetic
    shrink: float = 1.0
    rows: tuple[int, ...] = ()
    columns: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        # Without a choice, every row and column is taken.
        object.__setattr__(self, "rows", self.rows or tuple(range(self.height)))
        object.__setattr__(self, "columns", self.columns or tuple(range(self.width)))

    @property
    def chooses_pixels(self) -> bool:
        """Whether rows and columns are not simply those of the resized picture."""
        size = (tuple(range(self.height)), tuple(range(self.width)))
        return (self.rows, self.columns) != size


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class BoxDecoding:
    """How a detector's raw outputs become boxes; all boxes are shares of width and height.

    Args:
        kind: Name of the detector's head: ``ssd`` or ``yolov3``.
        least_score: Lowest score of boxes that are kept.
        most_overlap: Overlap (intersection over union) above which the less sure of two boxes of
            a class is dropped.
        of_class: Number of boxes of a class, the surest, that are considered.
        of_image: Number of boxes of a picture that are kept.
        largest_growth: Largest natural logarithm of a box's growth.
        priors: Of SSD: prior boxes ``(n, 4)`` of float64, left, top, right, bottom.
        variances: Of SSD: factors of the four differences.
        anchors: Of YOLOv3: width and height in pixels of the anchors, ``(maps, anchors, 2)``.
        strides: Of YOLOv3: pixels for each cell, of each map.
    """

    kind: str
    least_score: float
    most_overlap: float
    of_class: int
    of_image: int
    largest_growth: float
    priors: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 4)))
    variances: tuple[float, ...] = ()
    anchors: tuple[tuple[tuple[float, float], ...], ...] = ()
    strides: tuple[int, ...] = ()


def apply(steps: PictureSteps, resized: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the steps make of a resized picture: the input ``(C, H, W)`` of float32.

    Args:
        steps: The steps of the task.
        resized: Pixels ``(height, width)`` or ``(height, width, 3)`` after resizing.
    """
    kind: Any = np.float64 if steps.arithmetic is Arithmetic.DOUBLE else np.float32
    pixels = resized.reshape(steps.height, steps.width, steps.colours)
    around = np.zeros((steps.height + 1, steps.width + 1, steps.colours), np.uint8)
    around[:-1, :-1] = pixels  # the last row and column, -1, are the background
    chosen = around[np.asarray(steps.rows)[:, None], np.asarray(steps.columns)[None, :]]
    shares = (chosen.astype(np.float32) / np.float32(steps.divisor)).astype(kind)
    mean, deviation = np.asarray(steps.mean, kind), np.asarray(steps.deviation, kind)
    planes = ((shares - mean) / deviation).transpose(2, 0, 1).astype(np.float32)
    shape = (steps.channels, *planes.shape[1:])
    return np.ascontiguousarray(np.broadcast_to(planes, shape))
