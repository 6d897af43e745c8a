"""YOLOv3's anchors: boxes as offsets in a cell and growth of an anchor, and which finds what.

Anchors are sizes in pixels of what the network reads, whatever that is, and those of the
original (https://arxiv.org/abs/1804.02767, section 2.3). Each map has three of the nine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from edgeslim.training.detection.boxes import Boxes, centres_and_sizes, edges

__all__ = ["ANCHORS", "LARGEST_GROWTH", "STRIDES", "Assignment", "assign", "decode", "encode"]

ANCHORS = np.array(
    [
        [[116, 90], [156, 198], [373, 326]],
        [[30, 61], [62, 45], [59, 119]],
        [[10, 13], [16, 30], [33, 23]],
    ]
)
"""``(maps, anchors, 2)``: width and height in pixels; the coarsest map first."""

STRIDES = (32, 16, 8)
"""Pixels of the image for each cell of a map."""

LARGEST_GROWTH = 20.0
"""Natural logarithm; a box so much larger than its anchor covers any image."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Assignment:
    """The objects that one map must find.

    Args:
        cells: Image, anchor, row and column of each object, ``(n, 4)``.
        truths: Image of each object and its index among the image's targets, ``(n, 2)``.
    """

    cells: NDArray[np.int64]
    truths: NDArray[np.int64]


def assign(
    boxes: Boxes, real: NDArray[np.bool_], image_size: tuple[int, int]
) -> tuple[Assignment, ...]:
    """Assigns each object to the anchor, of all nine, whose shape is most like the object's.

    It must be found in the cell with the object's centre, of the map that has the anchor.

    Args:
        boxes: Boxes of the images, ``(N, most, 4)``.
        real: Whether each box is an object, ``(N, most)``.
        image_size: Height and width of the images in pixels.

    Returns:
        The assignment of each map.
    """
    truths = np.argwhere(real)
    centres, sizes = centres_and_sizes(boxes[real].astype(np.float64))
    height, width = image_size
    in_pixels = sizes[:, None] * (width, height)
    anchors = ANCHORS.reshape(-1, 2)
    common = np.minimum(in_pixels, anchors).prod(axis=-1)
    best = (common / (in_pixels.prod(axis=-1) + anchors.prod(axis=-1) - common)).argmax(axis=1)
    assigned = []
    for number, stride in enumerate(STRIDES):
        counts = np.array([width // stride, height // stride])
        mine = best // ANCHORS.shape[1] == number
        column_row = np.clip((centres[mine] * counts).astype(np.int64), 0, counts - 1)
        cells = [truths[mine, :1], best[mine, None] % ANCHORS.shape[1], column_row[:, ::-1]]
        assigned.append(Assignment(cells=np.concatenate(cells, axis=1), truths=truths[mine]))
    return tuple(assigned)


def encode(
    boxes: Boxes, cells: NDArray[np.int64], number: int, image_size: tuple[int, int]
) -> Boxes:
    """The numbers ``(n, 4)`` that a map must give for boxes ``(n, 4)``.

    Args:
        boxes: Boxes of objects, ``(n, 4)``.
        cells: Image, anchor, row and column of each, ``(n, 4)``.
        number: Index of the map, from 0.
        image_size: Height and width of the images in pixels.

    Returns:
        Offset in the cell from 0 to 1, x before y; and logarithm of width and height over
        those of the anchor.
    """
    height, width = image_size
    stride = STRIDES[number]
    centres, sizes = centres_and_sizes(boxes.astype(np.float64))
    in_cell = centres * (width // stride, height // stride) - cells[:, :1:-1]
    growth = np.log(sizes * (width, height) / ANCHORS[number][cells[:, 1]])
    return np.concatenate([in_cell, growth], axis=1)


def decode(numbers: NDArray[np.floating[Any]], number: int, image_size: tuple[int, int]) -> Boxes:
    """Boxes ``(N, anchors, h, w, 4)`` of a map's raw numbers ``(N, anchors, h, w, 4 or more)``.

    Offsets go through the sigmoid here.
    """
    height, width = image_size
    rows, columns = numbers.shape[2:4]
    x = (expit(numbers[..., 0]) + np.arange(columns)) / columns
    y = (expit(numbers[..., 1]) + np.arange(rows)[:, None]) / rows
    growth = np.exp(np.minimum(numbers[..., 2:4], LARGEST_GROWTH))
    sizes = growth * ANCHORS[number][:, None, None] / (width, height)
    return edges(np.stack([x, y], axis=-1), sizes)
