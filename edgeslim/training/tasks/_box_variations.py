"""Photos varied for training together with the boxes in them.

What SSD's original does (PaddlePaddle/models at 9aefcdc84, PaddleCV/ssd; section 2.2 of
https://arxiv.org/abs/1512.02325), without hue and without photos made smaller on a plain ground.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgeslim.training.detection.boxes import Boxes, centres_and_sizes, overlaps

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["in_crop", "jittered", "mirrored", "random_crop"]

_LEAST_OVERLAPS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
_SIDES = (0.3, 1.0)
_ASPECTS = (0.5, 2.0)
_TRIES = 50

_JITTER = (("Brightness", 0.125), ("Contrast", 0.5), ("Color", 0.5))
"""Class of Pillow's ImageEnhance, and the largest change of its factor from 1."""

_WHOLE: Boxes = np.array([0.0, 0.0, 1.0, 1.0])


def random_crop(boxes: Boxes, rng: np.random.Generator) -> Boxes:
    """A part of a photo ``(4,)``, edges as shares: the whole, or one that shows an object well.

    The part overlaps with some object by at least a share drawn first, and shows the centre of
    one; where no part of some tries does, and of a photo without objects, it is the whole.

    Args:
        boxes: Of the objects, ``(n, 4)``.
        rng: Draws.
    """
    rule = int(rng.integers(len(_LEAST_OVERLAPS) + 1))
    if rule == len(_LEAST_OVERLAPS) or not len(boxes):
        return _WHOLE
    for _ in range(_TRIES):
        side = rng.uniform(*_SIDES)
        # Neither side can be longer than the photo.
        aspect = min(max(rng.uniform(*_ASPECTS), side**2), side**-2)
        sizes = side * np.array([math.sqrt(aspect), 1 / math.sqrt(aspect)])
        first = rng.uniform(0, 1, 2) * np.maximum(1 - sizes, 0)
        crop: Boxes = np.minimum(np.concatenate([first, first + sizes]), 1)
        near = overlaps(boxes, crop[None]).max() >= _LEAST_OVERLAPS[rule]
        if near and in_crop(boxes, crop)[1].any():
            return crop
    return _WHOLE


def in_crop(boxes: Boxes, crop: Boxes) -> tuple[Boxes, NDArray[np.bool_]]:
    """Boxes ``(n, 4)`` as shares of a part ``(4,)``, cut off at its edges, and which it shows.

    A part shows an object whose centre it has.
    """
    centres, _ = centres_and_sizes(boxes)
    shown = ((centres > crop[:2]) & (centres < crop[2:])).all(axis=-1)
    inside = (boxes - np.tile(crop[:2], 2)) / np.tile(crop[2:] - crop[:2], 2)
    return np.clip(inside, 0, 1), shown


def mirrored(boxes: Boxes) -> Boxes:
    """Boxes ``(n, 4)`` of a photo whose left is its right."""
    return np.stack([1 - boxes[:, 2], boxes[:, 1], 1 - boxes[:, 0], boxes[:, 3]], axis=1)


def jittered(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Brightness, contrast and saturation changed, each every other time."""
    from PIL import ImageEnhance

    for name, most in _JITTER:
        changes, factor = rng.random() < 0.5, 1 + rng.uniform(-most, most)
        if changes:
            enhance: Any = getattr(ImageEnhance, name)
            photo = enhance(photo).enhance(factor)
    return photo
