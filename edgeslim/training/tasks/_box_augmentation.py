"""Augmentation of photos for training, together with the boxes in them.

It is that of SSD's original (PaddlePaddle/models at 9aefcdc84, PaddleCV/ssd; section 2.2 of
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

__all__ = ["clip_to_crop", "jitter", "mirror", "random_crop"]

_LEAST_OVERLAPS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
_SIDES = (0.3, 1.0)
_ASPECTS = (0.5, 2.0)
_TRIES = 50

_JITTER = (("Brightness", 0.125), ("Contrast", 0.5), ("Color", 0.5))
"""Class of Pillow's ImageEnhance, and the largest change of its factor from 1."""

_WHOLE: Boxes = np.array([0.0, 0.0, 1.0, 1.0])


def random_crop(boxes: Boxes, rng: np.random.Generator) -> Boxes:
    """Draws a part of a photo that shows an object well, ``(4,)``, with edges as shares.

    The part overlaps an object by at least a share that is drawn first, and shows the centre of
    one; if no try finds such a part, or the photo has no objects, it is the whole photo.

    Args:
        boxes: Boxes of the objects, ``(n, 4)``.
        rng: Random generator that the part is drawn from.
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
        if near and clip_to_crop(boxes, crop)[1].any():
            return crop
    return _WHOLE


def clip_to_crop(boxes: Boxes, crop: Boxes) -> tuple[Boxes, NDArray[np.bool_]]:
    """Clips boxes ``(n, 4)`` to a part ``(4,)``, as shares of it; and says which ones it shows.

    A part shows an object if it contains the object's centre.
    """
    centres, _ = centres_and_sizes(boxes)
    shown = ((centres > crop[:2]) & (centres < crop[2:])).all(axis=-1)
    inside = (boxes - np.tile(crop[:2], 2)) / np.tile(crop[2:] - crop[:2], 2)
    return np.clip(inside, 0, 1), shown


def mirror(boxes: Boxes) -> Boxes:
    """Mirrors boxes ``(n, 4)`` as their photo is mirrored left to right."""
    return np.stack([1 - boxes[:, 2], boxes[:, 1], 1 - boxes[:, 0], boxes[:, 3]], axis=1)


def jitter(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Changes brightness, contrast and saturation, each with a chance of a half."""
    from PIL import ImageEnhance

    for name, most in _JITTER:
        changes, factor = rng.random() < 0.5, 1 + rng.uniform(-most, most)
        if changes:
            enhance: Any = getattr(ImageEnhance, name)
            photo = enhance(photo).enhance(factor)
    return photo
