"""Crops, resizes and standardises photos as networks for ImageNet expect them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.errors import UsageError
from edgeslim.picture_steps import Arithmetic, Filter, PicturePart, PictureSteps

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

__all__ = [
    "check_photo_shape",
    "crop_for_evaluation",
    "crop_for_training",
    "photo_steps",
    "resize_whole",
    "standardise",
]

_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)
"""Mean and deviation of ImageNet's red, green and blue; published networks use these."""

_WHOLE_OVER_CROP = 256 / 224
"""Short side of the photo over side of the crop, as networks for ImageNet are evaluated."""

_AREA = (0.08, 1.0)
_ASPECT = (3 / 4, 4 / 3)
_TRIES = 10
"""Random crops: share of the area and proportions (https://arxiv.org/abs/1409.4842, part 6)."""


def check_photo_shape(input_shape: tuple[int, ...]) -> None:
    """Checks that photos can be brought to a shape.

    Raises:
        UsageError: The shape is not one of colour or grey images.
    """
    if len(input_shape) != 4 or min(input_shape[1:]) < 1 or input_shape[1] not in {1, 3}:
        raise UsageError(
            f"this task needs an input of shape (N, 3, H, W) or (N, 1, H, W), not {input_shape}"
        )


def resize_whole(photo: Image.Image, height: int, width: int) -> Image.Image:
    """Resizes a photo whatever its proportions."""
    from PIL import Image

    return photo.resize((width, height), Image.Resampling.BILINEAR)


def crop_for_evaluation(photo: Image.Image, height: int, width: int) -> Image.Image:
    """Crops the middle of a photo, as is usual: 224 of 256 along the shorter side."""
    scale = min(photo.width / width, photo.height / height) / _WHOLE_OVER_CROP
    return _resize_part(photo, (scale * width, scale * height), (0.5, 0.5), (width, height))


def crop_for_training(
    photo: Image.Image, height: int, width: int, rng: np.random.Generator
) -> Image.Image:
    """Crops a random part of a photo in random proportions, mirrored with a chance of a half."""
    from PIL import Image

    extents = _random_extents(photo.width, photo.height, rng)
    crop = _resize_part(photo, extents, (rng.random(), rng.random()), (width, height))
    return crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else crop


def _random_extents(width: int, height: int, rng: np.random.Generator) -> tuple[float, float]:
    for _ in range(_TRIES):
        area = width * height * rng.uniform(*_AREA)
        aspect = math.exp(rng.uniform(math.log(_ASPECT[0]), math.log(_ASPECT[1])))
        wide, high = math.sqrt(area * aspect), math.sqrt(area / aspect)
        if wide <= width and high <= height:
            return wide, high
    side = min(width, height)
    return side, side


def _resize_part(
    photo: Image.Image,
    extents: tuple[float, float],
    position: tuple[float, float],
    size: tuple[int, int],
) -> Image.Image:
    """Resizes a part of a photo.

    Args:
        photo: The photo that the part is of.
        extents: Width and height of the part, in pixels of the photo.
        position: Position of the part across and down, 0 at the left or upper edge to 1 at the
            right or lower one.
        size: Width and height of the result, in pixels.
    """
    from PIL import Image

    left = (photo.width - extents[0]) * position[0]
    upper = (photo.height - extents[1]) * position[1]
    right = min(left + extents[0], photo.width)  # rounding may lead out of the photo
    lower = min(upper + extents[1], photo.height)
    return photo.resize(size, Image.Resampling.BILINEAR, box=(left, upper, right, lower))


def standardise(photo: Image.Image) -> NDArray[np.float32]:
    """Standardises pixels to ``(C, H, W)`` by ImageNet's mean; grey ones by the mean colour's."""
    pixels = np.asarray(photo, dtype=np.float32) / 255
    if pixels.ndim == 2:
        # In float32, of which newer versions of NumPy would make float64.
        mean, deviation = np.float32(np.mean(_MEAN)), np.float32(np.mean(_DEVIATION))
        return np.asarray((pixels - mean) / deviation, dtype=np.float32)[None]
    colours = (pixels - np.asarray(_MEAN)) / np.asarray(_DEVIATION)
    return np.ascontiguousarray(colours.transpose(2, 0, 1), dtype=np.float32)


def photo_steps(input_shape: tuple[int, ...], part: PicturePart) -> PictureSteps:
    """The steps of an evaluation: `crop_for_evaluation` or `resize_whole`, and `standardise`.

    Args:
        input_shape: Shape of the network's input, ``(N, 3, H, W)`` or ``(N, 1, H, W)``.
        part: Which part of a photo is used.
    """
    check_photo_shape(input_shape)
    _, channels, height, width = input_shape
    is_grey = channels == 1
    return PictureSteps(
        colours=channels,
        part=part,
        shrink=_WHOLE_OVER_CROP if part is PicturePart.MIDDLE else 1.0,
        filter=Filter.BILINEAR,
        height=height,
        width=width,
        channels=channels,
        divisor=255.0,
        mean=(float(np.float32(np.mean(_MEAN))),) if is_grey else _MEAN,
        deviation=(float(np.float32(np.mean(_DEVIATION))),) if is_grey else _DEVIATION,
        arithmetic=Arithmetic.FLOAT if is_grey else Arithmetic.DOUBLE,
    )
