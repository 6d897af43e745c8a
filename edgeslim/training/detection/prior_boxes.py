"""SSD's prior boxes, and boxes as differences from them.

Sizes and shapes are those of MobileNetV1-SSD at 300x300 (PaddlePaddle/models at 9aefcdc84,
PaddleCV/ssd/mobilenet_ssd.py), as shares of the image: at another size of the image the boxes
have the same share of it. Section 2.2 of https://arxiv.org/abs/1512.02325 has the idea.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from math import sqrt

import numpy as np

from edgeslim.training.detection.boxes import Boxes, centres_and_sizes, edges

__all__ = ["LARGEST_GROWTH", "VARIANCES", "decode", "encode", "prior_boxes"]

_HALVINGS = 4
"""The finest map is 1/16 as large as the image, each other half as large as the one before."""

_SIZES = (0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1.0)
"""Of each map the smallest box, and of the one before the largest."""

_RATIOS = ((2.0,), *((2.0, 3.0),) * 5)
VARIANCES = np.array([0.1, 0.1, 0.2, 0.2])
"""By these the four differences are divided, so that they are of about the same size."""

LARGEST_GROWTH = 20.0
"""Natural logarithm; a box so much larger than its prior box covers any image."""


@lru_cache(maxsize=8)
def prior_boxes(image_size: tuple[int, int]) -> Boxes:
    """All prior boxes ``(boxes, 4)``, in the order of the network's outputs; not writable.

    They may reach over the image's edges.

    Args:
        image_size: Height and width in pixels.
    """
    height, width = image_size
    for _ in range(_HALVINGS):
        height, width = -(-height // 2), -(-width // 2)
    boxes = []
    for (smallest, largest), ratios in zip(pairwise(_SIZES), _RATIOS, strict=True):
        boxes.append(_of_map(height, width, _shapes(smallest, largest, ratios)))
        height, width = -(-height // 2), -(-width // 2)
    all_boxes = np.concatenate(boxes)
    all_boxes.flags.writeable = False
    return all_boxes


def encode(boxes: Boxes, priors: Boxes) -> Boxes:
    """Differences of boxes ``(n, 4)`` from prior boxes ``(n, 4)``, as the network gives them.

    Equation 2 of the paper, over the variances.
    """
    centres, sizes = centres_and_sizes(boxes)
    prior_centres, prior_sizes = centres_and_sizes(priors)
    differences = [(centres - prior_centres) / prior_sizes, np.log(sizes / prior_sizes)]
    encoded: Boxes = np.concatenate(differences, axis=-1) / VARIANCES
    return encoded


def decode(differences: Boxes, priors: Boxes) -> Boxes:
    """Boxes ``(..., n, 4)`` of differences from prior boxes ``(n, 4)``."""
    scaled = differences * VARIANCES
    prior_centres, prior_sizes = centres_and_sizes(priors)
    growth = np.exp(np.minimum(scaled[..., 2:], LARGEST_GROWTH))
    return edges(prior_centres + scaled[..., :2] * prior_sizes, prior_sizes * growth)


def _shapes(smallest: float, largest: float, ratios: tuple[float, ...]) -> Boxes:
    """Width and height of the boxes at each position, ``(boxes, 2)``; in Paddle's order."""
    shapes = [(smallest, smallest)]
    for ratio in ratios:
        wide, narrow = smallest * sqrt(ratio), smallest / sqrt(ratio)
        shapes += [(wide, narrow), (narrow, wide)]
    if len(ratios) > 1:  # the finest map has no box between its size and the next
        shapes.append((sqrt(smallest * largest),) * 2)
    return np.array(shapes)


def _of_map(height: int, width: int, shapes: Boxes) -> Boxes:
    """Boxes of a map, ``(height * width * shapes, 4)``, those of one position side by side."""
    y, x = np.meshgrid(
        (np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width, indexing="ij"
    )
    centres = np.broadcast_to(
        np.stack([x, y], axis=-1)[:, :, None], (height, width, len(shapes), 2)
    )
    return edges(centres, np.broadcast_to(shapes, centres.shape)).reshape(-1, 4)
