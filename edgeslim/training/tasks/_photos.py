"""Photos cut to size and standardised as networks for ImageNet expect them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

__all__ = [
    "check_photo_shape",
    "evaluation_crop",
    "standardised",
    "training_crop",
    "whole",
]

_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)
"""Of ImageNet's pixels, red, green and blue; every published network was trained with them."""

_WHOLE_OVER_CROP = 256 / 224
"""Short side of the photo over side of the crop, as networks for ImageNet are judged."""

_AREA = (0.08, 1.0)
_ASPECT = (3 / 4, 4 / 3)
_TRIES = 10
"""Random crops: share of the area and proportions (https://arxiv.org/abs/1409.4842, part 6)."""


def check_photo_shape(input_shape: tuple[int, ...]) -> None:
    """Proves that photos can be brought to a shape.

    Raises:
        UsageError: It is not one of colour or grey images.
    """
    if len(input_shape) != 4 or min(input_shape[1:]) < 1 or input_shape[1] not in {1, 3}:
        raise UsageError(
            f"this task needs an input of shape (N, 3, H, W) or (N, 1, H, W), not {input_shape}"
        )


def whole(photo: Image.Image, height: int, width: int) -> Image.Image:
    """All of a photo brought to size, whatever its proportions."""
    from PIL import Image

    return photo.resize((width, height), Image.Resampling.BILINEAR)


def evaluation_crop(photo: Image.Image, height: int, width: int) -> Image.Image:
    """The middle of a photo, so much of it as is usual: 224 of 256 along the shorter side."""
    scale = min(photo.width / width, photo.height / height) / _WHOLE_OVER_CROP
    return _resized(photo, (scale * width, scale * height), (0.5, 0.5), (width, height))


def training_crop(
    photo: Image.Image, height: int, width: int, rng: np.random.Generator
) -> Image.Image:
    """A random part of a photo in random proportions, mirrored every other time."""
    from PIL import Image

    extents = _random_extents(photo.width, photo.height, rng)
    crop = _resized(photo, extents, (rng.random(), rng.random()), (width, height))
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


def _resized(
    photo: Image.Image,
    extents: tuple[float, float],
    place: tuple[float, float],
    size: tuple[int, int],
) -> Image.Image:
    """A part of a photo brought to size.

    Args:
        photo: The whole.
        extents: Of the part, across and down, in pixels of the photo.
        place: Where the part is, across and down: 0 at the left or upper edge, 1 at the other.
        size: After, across and down.
    """
    from PIL import Image

    left = (photo.width - extents[0]) * place[0]
    upper = (photo.height - extents[1]) * place[1]
    right = min(left + extents[0], photo.width)  # rounding may lead out of the photo
    lower = min(upper + extents[1], photo.height)
    return photo.resize(size, Image.Resampling.BILINEAR, box=(left, upper, right, lower))


def standardised(photo: Image.Image) -> NDArray[np.float32]:
    """Pixels ``(C, H, W)`` as networks for ImageNet expect them; grey ones by the mean colour."""
    pixels = np.asarray(photo, dtype=np.float32) / 255
    if pixels.ndim == 2:
        mean, deviation = np.mean(_MEAN), np.mean(_DEVIATION)
        return np.asarray((pixels - mean) / deviation, dtype=np.float32)[None]
    colours = (pixels - np.asarray(_MEAN)) / np.asarray(_DEVIATION)
    return np.ascontiguousarray(colours.transpose(2, 0, 1), dtype=np.float32)
